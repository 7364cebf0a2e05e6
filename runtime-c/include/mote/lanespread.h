/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise 2-D convolution with several filters per channel, output channels in vector lanes. NHWC, batch 1. The
 * output must not overlap the input. */
#ifndef MOTE_LANESPREAD_H
#define MOTE_LANESPREAD_H

#include <stdint.h>

/* Weights are [kernel_h][kernel_w][out_c], bias is the model's: only taps inside the image are read, and lose the zero
 * point. multiplier, shift, pre_shift, zero_shifts: see rvv_rescale.h. */
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
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_lanespread_s8s8;

void mote_lanespread_s8s8__rvv(const mote_lanespread_s8s8 *p, const int8_t *input, int8_t *output);

#endif
