/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 depthwise 2-D convolution, output channels in vector lanes. NHWC, batch 1. The output must not overlap the
 * input. */
#ifndef MOTE_LANEDEPTHWISE16_H
#define MOTE_LANEDEPTHWISE16_H

#include <stdint.h>

/* Weights are [kernel_h][kernel_w][out_c], as in the model. Sums fit 32 bits; bias, multiplier, shift, pre_shift,
 * zero_shifts: see rvv_rescale.h. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t channel_multiplier;
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multiplier;
  const int16_t *shift;
  int32_t pre_shift, zero_shifts;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_lanedepthwise16_s16s8;

void mote_lanedepthwise16_s16s8__rvv(const mote_lanedepthwise16_s16s8 *p, const int16_t *input, int16_t *output);

#endif
