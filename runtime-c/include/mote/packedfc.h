/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer with weights of few bits by DSP instructions, one row by four channels. The row is widened to 16 bits
 * in the scratch. Codes are multiplied as they are, 16 * (weight + offset); each group of taps begins with -16 * offset * the
 * sum of its taps instead, and its sum is multiplied by its scale.
 *
 * `weights` is one stream: a head of MOTE_FC_HEAD words, then for each four channels (missing ones are 0)
 * - four initial sums times 16;
 * - for each group the codes of its steps (dsp_codes.h), then a word with the scale of each channel, a byte each. Without
 *   scales there is one group, and its scales are 1;
 * - where there are outliers, their number and for each a word: what is added (8 bits), the channel (8), the tap (16);
 * - for each channel multiplier, rounding, shift (dsp_block.h), for sums that come times 16.
 * Scratch: 4 * steps bytes, 4 for each group. */
#ifndef MOTE_PACKEDFC_H
#define MOTE_PACKEDFC_H

#include <stdint.h>

enum {
  MOTE_FC_GROUP,    /* steps of a group */
  MOTE_FC_OFFSET,   /* 16 * offset of the codes */
  MOTE_FC_OUTLIERS, /* 1: there are some */
  MOTE_FC_HEAD,
  MOTE_FC_BITS = MOTE_FC_OFFSET /* block: of a code */
};

typedef struct {
  int32_t rows, in_c, out_c;
  int32_t steps; /* pairs of taps, a multiple of 4 */
  const int32_t *weights;
  int32_t output_min, output_max;
  int32_t mode; /* dsp_block.h */
} mote_packedfc;

typedef mote_packedfc mote_packedfc_s8binary_b1;
typedef mote_packedfc mote_packedfc_s8int_b2;
typedef mote_packedfc mote_packedfc_s8int_b3;
typedef mote_packedfc mote_packedfc_s8int_b4;
typedef mote_packedfc mote_packedfc_s8int_b6;

void mote_packedfc_s8binary_b1__dsp_1x4(const mote_packedfc_s8binary_b1 *p, const int8_t *input, int8_t *output,
                                        void *scratch);
void mote_packedfc_s8int_b2__dsp_1x4(const mote_packedfc_s8int_b2 *p, const int8_t *input, int8_t *output,
                                     void *scratch);
void mote_packedfc_s8int_b3__dsp_1x4(const mote_packedfc_s8int_b3 *p, const int8_t *input, int8_t *output,
                                     void *scratch);
void mote_packedfc_s8int_b4__dsp_1x4(const mote_packedfc_s8int_b4 *p, const int8_t *input, int8_t *output,
                                     void *scratch);
void mote_packedfc_s8int_b6__dsp_1x4(const mote_packedfc_s8int_b6 *p, const int8_t *input, int8_t *output,
                                     void *scratch);

/* Channel after channel: initial sum, multiplier, rounding, shift, then the list (packedlist_dsp.h) in whole words. The row
 * is read as it is. */
typedef mote_packedfc mote_packedfc_s8sparse;

/* The head, its groups being the blocks of steps; channel after channel: the same four words, scales and codes as
 * packedtile.h has them. Scratch: 4 bytes for each step and each block. */
typedef mote_packedfc mote_packedfc_s8block;

void mote_packedfc_s8sparse__dsp(const mote_packedfc_s8sparse *p, const int8_t *input, int8_t *output);
void mote_packedfc_s8block__dsp(const mote_packedfc_s8block *p, const int8_t *input, int8_t *output, void *scratch);

#endif
