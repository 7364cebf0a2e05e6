/* SPDX-License-Identifier: Apache-2.0 */
/* 3x3 convolution with stride 1 by Winograd's F(2x2, 3x3): 16 products per input channel give a tile of 2 x 2 outputs,
 * where the plain sum needs 36. Input and output as in conv2d.h, one group, dilation 1.
 *
 * For a 4 x 4 patch d of the image and a 3 x 3 filter g, a tile of outputs is A^T [(G g G^T) . (B^T d B)] A with
 *   B^T = 1  0 -1  0    G =  1    0    0     A^T = 1  1  1  0
 *         0  1  1  0        1/2  1/2  1/2          0  1 -1 -1
 *         0 -1  1  0        1/2 -1/2  1/2
 *         0  1  0 -1         0    0    1
 * The packer stores W = (2 G) g (2 G)^T, integers of at most 9 * 128 in size; B^T d B has integers of at most 4 * 128:
 * both fit 16 bits. What comes out is exactly four times the sum that the plain convolution makes: 2 G is G doubled
 * once for each side, everything is linear and an integer, so A^T [W . (B^T d B)] A = 4 y, a multiple of 4 with no
 * remainder to lose. Sums are made modulo 2^32, so only the final 4 (y + bias) has to fit: the packer has made sure. The
 * factor 4 goes into the requantization. Taps outside the image read the input zero point, as everywhere.
 *
 * Positions (u, v) of the 4 x 4 products are visited column by column in the order v = 1, 0, 2, 3, and u = 1, 2, 0, 3 in
 * each. For products M of a column the first output transform needs M1 + M2 + M0 and M1 - M2 - M3; the packer negates
 * the weights of u = 3. One chain of accumulation gives q = M1, then q2 = M1 + M2, then the first one; from
 * 2 q - q2 = M1 - M2 it goes on to the second. A bias in the start of v = 1's chain so ends up in every output once. */
#ifndef MOTE_WINOGRAD_H
#define MOTE_WINOGRAD_H

#include <stdint.h>

#include "mote/rv32_requantize.h"

/* For DSP instructions, two tiles side by side by four channels. */
typedef struct {
  int32_t in_h, in_w, in_c; /* in_c is a multiple of 4 */
  int32_t out_h, out_w, out_c;
  int32_t pad_top, pad_left;
  int32_t steps; /* pairs of input channels, rounded up to a multiple of 4 */
  /* For each four output channels (missing ones are 0): 4 biases times 4; for each position, for each pair of input
   * channels (4k and 4k + 2, then 4k + 1 and 4k + 3), the 4 channels' weights, two 16-bit lanes each; and for each
   * channel multiplier, rounding and shift of dsp_block.h for sums times 4. */
  const int32_t *weights;
  int32_t input_zero_point;
  int32_t output_min, output_max;
  int32_t mode; /* dsp_block.h */
} mote_winograd_s8s8_dsp;

/* scratch: 64 + 128 * steps bytes of transformed tiles, 32 of outputs, in_c of zero points. */
void mote_winograd_s8s8_dsp__dsp_2x4(const mote_winograd_s8s8_dsp *p, const int8_t *input, int8_t *output,
                                     void *scratch);

/* For RV32IM, four tiles side by side by four channels. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t pad_top, pad_left;
  int32_t input_zero_point;
  const int16_t *weights;  /* [out_c / 4, rounded up][16 positions][in_c][4 channels], missing channels 0 */
  const int32_t *channels; /* 4 words each (rv32_requantize.h, the bias times 4), a multiple of 4 channels */
  mote_rv32_output output;
} mote_winograd_s8s8;

/* scratch: 128 * in_c bytes of transformed tiles, in_c of zero points. */
void mote_winograd_s8s8__rv32_4x4(const mote_winograd_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

/* For Armv6-M, four tiles side by side. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t pad_top, pad_left;
  int32_t input_zero_point;
  const int16_t *weights; /* [out_c / 8, rounded up][16 positions][in_c][8 channels], missing channels 0 */
  const int32_t *bias;    /* times 4, a multiple of 8 channels */
  const int32_t *scale;   /* for each channel, a mote_thumb_scale */
  int32_t output_min, output_max;
  int32_t half, signs; /* see thumb_requantize.h */
} mote_winograd_s8s8_words;

/* scratch: 256 * in_c bytes of transformed tiles, in_c of zero points. */
void mote_winograd_s8s8_words__thumb_4x8(const mote_winograd_s8s8_words *p, const int8_t *input, int8_t *output,
                                         void *scratch);

#endif
