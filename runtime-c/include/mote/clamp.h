/* SPDX-License-Identifier: Apache-2.0 */
/* min(max, max(min, x)): ReLU, ReLU6 and the like where they are not part of another layer. The output may be the
 * buffer of the input. */
#ifndef MOTE_CLAMP_H
#define MOTE_CLAMP_H

#include <stdint.h>

typedef struct {
  int32_t count;
  float min, max;
} mote_clamp_f32;

void mote_clamp_f32__ref(const mote_clamp_f32 *p, const float *input, float *output);

typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t multiplier, shift; /* input scale / output scale, see requantize.h */
  int32_t output_zero_point;
  int32_t min, max;
  int32_t rounding;
} mote_clamp_s8;

void mote_clamp_s8__ref(const mote_clamp_s8 *p, const int8_t *input, int8_t *output);

typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t multiplier, shift; /* input scale / output scale, see requantize.h */
  int32_t output_zero_point;
  int32_t min, max;
  int32_t rounding;
} mote_clamp_s16;

void mote_clamp_s16__ref(const mote_clamp_s16 *p, const int16_t *input, int16_t *output);

#endif
