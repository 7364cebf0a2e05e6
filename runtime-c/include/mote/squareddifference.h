/* SPDX-License-Identifier: Apache-2.0 */
/* squaredDifference: (a - b)^2; with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output may be the buffer of an input that has the output's shape. */
#ifndef MOTE_SQUAREDDIFFERENCE_H
#define MOTE_SQUAREDDIFFERENCE_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const float *a_constant;
  const float *b_constant;
} mote_squareddifference_f32;

void mote_squareddifference_f32__ref(const mote_squareddifference_f32 *p, const float *a, const float *b, float *output);

/* Both brought to twice the larger scale with 7 bits to spare, as TensorFlow Lite does. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t a_zero_point, a_multiplier, a_shift;
  int32_t b_zero_point, b_multiplier, b_shift;
  int32_t output_zero_point, output_multiplier, output_shift;
  int32_t rounding;
} mote_squareddifference_s8;

void mote_squareddifference_s8__ref(const mote_squareddifference_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* int16 without zero points: both at twice the larger scale with 14 bits behind the point; 12 bits of the square are rounded
 * away before mote_requantize64. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
  int32_t a_multiplier, a_shift;
  int32_t b_multiplier, b_shift;
  int32_t output_multiplier, output_shift;
  int32_t rounding;
} mote_squareddifference_s16;

void mote_squareddifference_s16__ref(const mote_squareddifference_s16 *p, const int16_t *a, const int16_t *b,
                                     int16_t *output);

#endif
