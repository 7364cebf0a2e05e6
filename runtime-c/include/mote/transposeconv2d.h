/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution of an NHWC image. Weights OHWI with `depth` input channels each, for `group_outputs` output
 * channels per group; bias may be null. The output must not overlap the input. */
#ifndef MOTE_TRANSPOSECONV2D_H
#define MOTE_TRANSPOSECONV2D_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t depth, group_outputs;
  const float *weights;
  const float *bias;
} mote_transposeconv2d_f32f32;

void mote_transposeconv2d_f32f32__ref(const mote_transposeconv2d_f32f32 *p, const float *input, float *output);

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t depth, group_outputs;
  int32_t input_zero_point;
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multiplier; /* see requantize.h; channel c has those at c * requantize_step */
  const int8_t *shift;
  int32_t requantize_step;
  int32_t output_zero_point;
  int32_t rounding;
} mote_transposeconv2d_s8s8;

void mote_transposeconv2d_s8s8__ref(const mote_transposeconv2d_s8s8 *p, const int8_t *input, int8_t *output);

/* int16 without zero points. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t depth, group_outputs;
  const int8_t *weights;
  const int64_t *bias;
  const int32_t *multiplier; /* channel c has those at c * requantize_step */
  const int8_t *shift;
  int32_t requantize_step;
  int32_t accumulator_bits; /* 32 or 64: mote_requantize or mote_requantize64 */
  int32_t rounding;
} mote_transposeconv2d_s16s8;

void mote_transposeconv2d_s16s8__ref(const mote_transposeconv2d_s16s8 *p, const int16_t *input, int16_t *output);

#endif
