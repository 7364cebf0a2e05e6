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

/* Armv7E-M DSP kernels: channel multiplier 1, at least four channels. Channels go in groups of four; the last group is
 * the last four channels, so it may repeat some of the one before. `constants` holds each group's constants in kernel
 * order (see the kernels); weights and bias are stored times two, requantization as in dsp_requantize.h. */
typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t pad_top, pad_left;
  const int32_t *constants;
  int32_t input_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8_3x3;

/* Stride and dilation 1, out_w >= 2. Scratch: 4 * 68 + 32 * (out_w + 2) bytes. */
void mote_depthwiseconv2d_s8s8_3x3__dsp(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input,
                                        int8_t *output, void *scratch);

/* Any window. `offsets` has the byte offsets of the taps from the window's first one, in pairs: an odd number of taps
 * repeats the last one with weight 0. */
typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t tap_pairs;
  const int32_t *offsets;
  const int32_t *constants;
  int32_t input_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8_any;

/* Scratch: 8 * tap_pairs + channels bytes where a window can leave the image. */
void mote_depthwiseconv2d_s8s8_any__dsp(const mote_depthwiseconv2d_s8s8_any *p, const int8_t *input,
                                        int8_t *output, void *scratch);

#endif
