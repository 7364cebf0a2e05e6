/* SPDX-License-Identifier: Apache-2.0 */
/* x where x > 0, else alpha * x. The output may be the buffer of the input. int8 is a table: lut.h. */
#ifndef MOTE_LEAKYRELU_H
#define MOTE_LEAKYRELU_H

#include <stdint.h>

typedef struct {
  int32_t count;
  float alpha;
} mote_leakyrelu_f32;

void mote_leakyrelu_f32__ref(const mote_leakyrelu_f32 *p, const float *input, float *output);

/* Factors for x >= 0 and for x < 0, the second with the sign of alpha; see requantize.h. */
typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t positive_multiplier, positive_shift;
  int32_t negative_multiplier, negative_shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_leakyrelu_s16;

void mote_leakyrelu_s16__ref(const mote_leakyrelu_s16 *p, const int16_t *input, int16_t *output);

#endif
