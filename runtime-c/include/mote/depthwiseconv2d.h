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

/* channel_multiplier is 1 and no two taps 2i and 2i + 1 of a channel are both -128. `stream` holds, for each 16 channels
 * (missing ones are zero): for each tap 16 weights, a tap of zeros where the number of taps is odd; then bias, multiplier
 * and shift of channels 0, 4, 8, 12, as four little-endian words each, the same of 2, 6, 10, 14, of 1, 5, 9, 13 and of
 * 3, 7, 11, 15: the order in which widening halves leaves the lanes. Shift as in mve_stream.h. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const int8_t *stream;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8_stream;

/* scratch: in_c rounded up to 16 bytes, then a pointer to each tap and one more where their number is odd. */
void mote_depthwiseconv2d_s8s8_stream__mve(const mote_depthwiseconv2d_s8s8_stream *p, const int8_t *input,
                                           int8_t *output, void *scratch);

/* 3 x 3 taps. `period` blocks of constants, nine taps each, serve lcm(in_c, 16) bytes of a row of outputs; in_c is a
 * multiple of 16 or stride_w is 1. Taps 0 and 1, 2 and 3, 4 and 5, 7 and 8 of a channel are not both -128. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const int8_t *stream;
  int32_t period;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8_stream3x3;

/* scratch: in_w * in_c + 160 bytes. */
void mote_depthwiseconv2d_s8s8_stream3x3__mve(const mote_depthwiseconv2d_s8s8_stream3x3 *p, const int8_t *input,
                                              int8_t *output, void *scratch);

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
