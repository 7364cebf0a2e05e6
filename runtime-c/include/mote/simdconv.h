/* SPDX-License-Identifier: Apache-2.0 */
/* 2-D convolution (1x1, k x k) and fully connected layers with eight output channels in vector lanes, for WebAssembly's
 * 128-bit SIMD. NHWC, batch 1, one group; a fully connected layer is a 1x1 convolution over a row of pixels.
 *
 * Four windows at a time are gathered in the scratch, widened, and only then are their outputs written. Scratch: as many
 * windows of `stride` elements as there are output pixels, four at most. Output channels beyond out_c have zeros. */
#ifndef MOTE_SIMDCONV_H
#define MOTE_SIMDCONV_H

#include <stdint.h>

#include "mote/simd_rescale.h"
#include "mote/simd_window.h"

/* Weights: [ceil(out_c / 8)][taps / 2][8][2], two taps of a channel side by side; bias[c] = model bias[c] -
 * input_zero_point * sum of the channel's weights; taps outside the image read input_zero_point. */
typedef struct {
  mote_simd_window window;
  int32_t out_c;
  int32_t taps;   /* of a window, even */
  int32_t stride; /* elements from patch to patch: taps, rounded up to 8 */
  const int8_t *weights;
  int32_t input_zero_point;
  mote_simd_rescale rescale;
} mote_simdconv_s8s8;

void mote_simdconv_s8s8__simd128(const mote_simdconv_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

/* int16 activations with zero point 0; weights as above. Sums are finished one by one: requantize.h. */
typedef struct {
  mote_simd_window window;
  int32_t out_c;
  int32_t taps, stride;
  const int8_t *weights;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t requantize_step;
  int32_t accumulator_bits; /* 64: mote_requantize64; 32: mote_requantize */
  int32_t output_min, output_max;
  int32_t rounding;
} mote_simdconv_s16s8;

void mote_simdconv_s16s8__simd128(const mote_simdconv_s16s8 *p, const int16_t *input, int16_t *output, void *scratch);

/* Weights [ceil(out_c / 8)][taps][8], bias to whole eights. Each output is summed in the order of the reference kernel.
 * Taps outside the image read 0, which changes no sum: finite weights make products of +-0, and a sum that begins with
 * +0 is never -0. */
typedef struct {
  mote_simd_window window;
  int32_t out_c;
  int32_t taps, stride;
  const float *weights;
  const float *bias;
  float output_min, output_max;
} mote_simdconv_f32f32;

void mote_simdconv_f32f32__simd128(const mote_simdconv_f32f32 *p, const float *input, float *output, void *scratch);

#endif
