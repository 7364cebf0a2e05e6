/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 2-D convolution. Input [in_h, in_w, in_c] and output [out_h, out_w, in_c * multiplier] are NHWC with batch
 * 1; output channel c reads input channel c / channel_multiplier. Weights are packed channel first:
 * [out_c, kernel_h, kernel_w], so that a channel's taps are contiguous. The output must not overlap the input. */
#ifndef MOTE_DEPTHWISECONV2D_H
#define MOTE_DEPTHWISECONV2D_H

#include <stdint.h>

/* Folding of the input zero point and requantization as in conv2d.h. */
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
  const int8_t *shift;
  int32_t requantize_step;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8;

void mote_depthwiseconv2d_s8s8__ref(const mote_depthwiseconv2d_s8s8 *p, const int8_t *input, int8_t *output);

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t channel_multiplier;
  const int8_t *weights;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t requantize_step;
  int32_t accumulator_bits;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s16s8;

void mote_depthwiseconv2d_s16s8__ref(const mote_depthwiseconv2d_s16s8 *p, const int16_t *input, int16_t *output);

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t channel_multiplier;
  const float *weights;
  const float *bias;
  float output_min, output_max;
} mote_depthwiseconv2d_f32f32;

void mote_depthwiseconv2d_f32f32__ref(const mote_depthwiseconv2d_f32f32 *p, const float *input, float *output);

#endif
