/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 2-D convolution with one filter per channel, channels in vector lanes. NHWC, batch 1. The output may
 * overlap the input where each of its channels falls on that channel, some rows before. */
#ifndef MOTE_LANEDEPTHWISE_H
#define MOTE_LANEDEPTHWISE_H

#include <stdint.h>

/* Weights are [kernel_h][kernel_w][channels], as in the model. bias[c] = model bias[c] - input_zero_point * sum of the
 * channel's weights, and taps outside the image read input_zero_point. multiplier, shift, pre_shift, zero_shifts: see
 * rvv_rescale.h. */
typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t inner_begin, triples; /* from this output column on, so many times three windows cross neither side edge */
  int32_t inner_top, inner_bottom; /* output rows whose windows cross neither the upper nor the lower edge */
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multiplier;
  const int16_t *shift;
  int32_t pre_shift, zero_shifts;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_lanedepthwise_s8s8;

/* Scratch: three int32 for each column that no triple covers. */
void mote_lanedepthwise_s8s8__rvv(const mote_lanedepthwise_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

#endif
