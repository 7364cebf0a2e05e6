/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer with int4 weights, two channels in a register. A word has the codes u = w + 8 of four inputs, one
 * channel's in its lower half and the other's in its upper half, so that (word >> 4 k) & 0x000F000F times x_k makes two
 * products. Sixteen of them, on 2^15, are (A + 2^15) + 2^16 B with A and B in 16 bits (15 * 16 * 128 < 2^15), whence
 * B = sum >> 16; of u, 8 times the sum of x is taken off in the end, before a group's scale. */
#ifndef MOTE_PACKEDROWS_H
#define MOTE_PACKEDROWS_H

#include <stdint.h>

enum { MOTE_ROWS_RUN = 16 };

typedef struct {
  int32_t rows, in_c, out_c;
  int32_t segment; /* inputs that share scales, or in_c; rounded up to a multiple of 16 */
  /* For every pair of channels (thumb) or four pairs (rv32): for every 4 inputs, rounded up to a multiple of 16: a word for
   * each pair. Codes that are not there are 0, like their inputs. */
  const int32_t *codes;
  const uint8_t *scales; /* for each segment, of each channel, those filled up as in codes; or 0 */
  const int32_t *bias;
  const int32_t *scale; /* 4 words of a channel: mote_thumb_scale, or as in rv32_requantize.h */
  int32_t output_min, output_max;
  int32_t half, signs; /* thumb_requantize.h; for rv32 0 and what is taken from a negative product */
} mote_packedrows_s8int_b4;

/* Scratch: 4 bytes for each input and each segment, inputs rounded up to a multiple of 16. */
void mote_packedrows_s8int_b4__thumb(const mote_packedrows_s8int_b4 *p, const int8_t *input, int8_t *output,
                                     void *scratch);
void mote_packedrows_s8int_b4__rv32_1x8(const mote_packedrows_s8int_b4 *p, const int8_t *input, int8_t *output,
                                        void *scratch);

#endif
