/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with weights of few bits where the only multiply is 32 x 32 -> 32 bits: eight pixels at a time, two to a
 * word (X = x0 + x1 * 2^16), and a decoding of one instruction to a weight.
 *
 * A word W of codes holds u_0 + u_1 * 2^b + ... with weight w_k = unit * u_k - offset. With b_k = W >> (b * k), which
 * still has all higher codes in it, u_k = b_k - 2^b * b_(k+1), so that
 *   sum of w_k * X_k = sum of b_k * Y_k + Q,  Y_k = unit * (X_k - 2^b * X_(k-1)),  Q = -offset * sum of X_k,
 * exactly modulo 2^32; X_(-1) = 0. The pixels' words are gathered as Y and Q once and serve all channels.
 *
 * A sum over a run of words is A + B * 2^16 modulo 2^32 with A and B the sums of the two pixels. The packer ends a run
 * before its |w| exceed 255 together, so |A| and |B| stay below 2^15; as the sum starts at 2^15, B = sum >> 16. Times
 * the run's scale, sum and B go to 32-bit totals, from which A follows in the end. */
#ifndef MOTE_PACKEDPAIRS_H
#define MOTE_PACKEDPAIRS_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t padded; /* 1 where a tap can lie outside the image; it reads input_zero_point */
  int32_t input_zero_point;
  int32_t segment; /* taps that share words: a word ends with them (a group of scales, else all taps) */
  int32_t blocks;  /* words of a channel */
  int32_t offset, unit_shift; /* unit = 2^unit_shift */
  /* Channels together: 1 (thumb) or 4 (rv32), whose words alternate; missing channels are 0. */
  const int32_t *codes; /* 0 for packedlist.h */
  const uint8_t *runs; /* of channels together: words of the run, and the scale for each of the channels */
  const int8_t *values; /* packedlist.h, else 0 */
  const uint8_t *skips; /* the same */
  /* What is added to some weights (format `+out`), or 0: entries before each channel; which of the gathered words are the
   * tap's, in fours from the first block's Q on; amounts. */
  const uint16_t *outlier_starts;
  const uint16_t *outlier_places;
  const int8_t *outlier_amounts;
  /* Of a channel: bias; the same less 2^15 for each unit of scale of its runs, for even pixels. */
  const int32_t *bias;
  const int32_t *scale; /* 4 words of a channel: mote_thumb_scale, or as in rv32_requantize.h with 0 for the bias */
  int32_t output_min, output_max;
  int32_t half, signs; /* thumb_requantize.h; for rv32 0 and what is taken from a negative product */
} mote_packedpairs;

/* Scratch: 16 * blocks * (codes of a word + 1) bytes, in_c more where padded. The number is that of the bits of a code. */
typedef mote_packedpairs mote_packedpairs_s8binary_b1;
typedef mote_packedpairs mote_packedpairs_s8int_b2;
typedef mote_packedpairs mote_packedpairs_s8ternary_b2;
typedef mote_packedpairs mote_packedpairs_s8trits_b2;
typedef mote_packedpairs mote_packedpairs_s8int_b3;
typedef mote_packedpairs mote_packedpairs_s8int_b4;
typedef mote_packedpairs mote_packedpairs_s8int_b6;
typedef mote_packedpairs mote_packedpairs_s8binary_b2;

void mote_packedpairs_s8binary_b1__thumb(const mote_packedpairs_s8binary_b1 *p, const int8_t *input, int8_t *output,
                                         void *scratch);
void mote_packedpairs_s8int_b2__thumb(const mote_packedpairs_s8int_b2 *p, const int8_t *input, int8_t *output,
                                      void *scratch);
void mote_packedpairs_s8ternary_b2__thumb(const mote_packedpairs_s8ternary_b2 *p, const int8_t *input, int8_t *output,
                                          void *scratch);
void mote_packedpairs_s8trits_b2__thumb(const mote_packedpairs_s8trits_b2 *p, const int8_t *input, int8_t *output,
                                        void *scratch);
void mote_packedpairs_s8int_b3__thumb(const mote_packedpairs_s8int_b3 *p, const int8_t *input, int8_t *output,
                                      void *scratch);
void mote_packedpairs_s8int_b4__thumb(const mote_packedpairs_s8int_b4 *p, const int8_t *input, int8_t *output,
                                      void *scratch);
void mote_packedpairs_s8int_b6__thumb(const mote_packedpairs_s8int_b6 *p, const int8_t *input, int8_t *output,
                                      void *scratch);
void mote_packedpairs_s8binary_b2__rv32_4x8(const mote_packedpairs_s8binary_b2 *p, const int8_t *input, int8_t *output,
                                            void *scratch);
void mote_packedpairs_s8int_b2__rv32_4x8(const mote_packedpairs_s8int_b2 *p, const int8_t *input, int8_t *output,
                                         void *scratch);
void mote_packedpairs_s8ternary_b2__rv32_4x8(const mote_packedpairs_s8ternary_b2 *p, const int8_t *input, int8_t *output,
                                             void *scratch);
void mote_packedpairs_s8trits_b2__rv32_4x8(const mote_packedpairs_s8trits_b2 *p, const int8_t *input, int8_t *output,
                                           void *scratch);
void mote_packedpairs_s8int_b3__rv32_4x8(const mote_packedpairs_s8int_b3 *p, const int8_t *input, int8_t *output,
                                         void *scratch);
void mote_packedpairs_s8int_b4__rv32_4x8(const mote_packedpairs_s8int_b4 *p, const int8_t *input, int8_t *output,
                                         void *scratch);
void mote_packedpairs_s8int_b6__rv32_4x8(const mote_packedpairs_s8int_b6 *p, const int8_t *input, int8_t *output,
                                         void *scratch);

#endif
