/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 2-D convolution with channels in vector lanes, for WebAssembly's 128-bit SIMD. NHWC, batch 1.
 *
 * Channels go in blocks of eight (float: four). Block b begins at channel 8 b, but the last one at out_c - 8, so it may
 * repeat some of the one before; constants are in the order of the blocks. `taps` is kernel_h * kernel_w, but for integers
 * even, with weights of 0. Scratch, in this order: a pointer to each of `taps`; in_c elements, rounded up to 8, of what
 * lies outside the image; where `expand` is 1 (several filters per channel, or fewer channels than a block has), `row`
 * elements for each tap. */
#ifndef MOTE_SIMDDEPTHWISE_H
#define MOTE_SIMDDEPTHWISE_H

#include <stdint.h>

#include "mote/simd_rescale.h"
#include "mote/simd_window.h"

/* Weights: [blocks][taps / 2][8][2], two taps of a channel side by side. Bias and padding as in simdconv.h. */
typedef struct {
  mote_simd_window window;
  int32_t out_c, channel_multiplier;
  int32_t taps;
  int32_t expand, row;
  const int8_t *weights;
  int32_t input_zero_point;
  mote_simd_rescale rescale; /* arrays in the order of the blocks */
} mote_simddepthwise_s8s8;

void mote_simddepthwise_s8s8__simd128(const mote_simddepthwise_s8s8 *p, const int8_t *input, int8_t *output,
                                      void *scratch);

/* int16 activations with zero point 0, at most 256 taps. bias, multiplier and shift in the order of the channels. */
typedef struct {
  mote_simd_window window;
  int32_t out_c, channel_multiplier;
  int32_t taps;
  int32_t expand, row;
  const int8_t *weights;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t requantize_step;
  int32_t accumulator_bits; /* as in simdconv.h */
  int32_t output_min, output_max;
  int32_t rounding;
} mote_simddepthwise_s16s8;

void mote_simddepthwise_s16s8__simd128(const mote_simddepthwise_s16s8 *p, const int16_t *input, int16_t *output,
                                       void *scratch);

/* Weights [blocks][taps][4], bias [blocks][4]. Sums as in simdconv.h. */
typedef struct {
  mote_simd_window window;
  int32_t out_c, channel_multiplier;
  int32_t taps;
  int32_t expand, row;
  const float *weights;
  const float *bias;
  float output_min, output_max;
} mote_simddepthwise_f32f32;

void mote_simddepthwise_f32f32__simd128(const mote_simddepthwise_f32f32 *p, const float *input, float *output,
                                        void *scratch);

/* NAME(window, place, input, taps, outside): where the taps of a window are; `outside` for those beside the image. */
#define MOTE_SIMD_POINT(NAME, TYPE)                                                                                   \
  static inline void NAME(const mote_simd_window *w, const mote_simd_place *place, const TYPE *input,                \
                          const TYPE **taps, const TYPE *outside) {                                                   \
    int32_t y = place->y;                                                                                             \
    for (int32_t i = 0; i < w->kernel_h; i++) {                                                                       \
      const int there = y >= 0 && y < w->in_h;                                                                        \
      int32_t x = place->x;                                                                                           \
      for (int32_t j = 0; j < w->kernel_w; j++) {                                                                     \
        *taps++ = there && x >= 0 && x < w->in_w ? input + (y * w->in_w + x) * w->in_c : outside;                     \
        x += w->dilation_w;                                                                                           \
      }                                                                                                               \
      y += w->dilation_h;                                                                                             \
    }                                                                                                                 \
  }

/* NAME(tap, channels, multiplier, row): each channel `multiplier` times over. */
#define MOTE_SIMD_EXPAND(NAME, TYPE)                                                              \
  static inline void NAME(const TYPE *tap, int32_t channels, int32_t multiplier, TYPE *row) {     \
    for (int32_t c = 0; c < channels; c++) {                                                      \
      for (int32_t m = 0; m < multiplier; m++) *row++ = tap[c];                                   \
    }                                                                                             \
  }

#endif
