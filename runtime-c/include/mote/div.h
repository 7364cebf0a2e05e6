/* SPDX-License-Identifier: Apache-2.0 */
/* a / b with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output may be the buffer of an input that has the output's shape. */
#ifndef MOTE_DIV_H
#define MOTE_DIV_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const float *a_constant;
  const float *b_constant;
  float output_min, output_max;
} mote_div_f32;

void mote_div_f32__ref(const mote_div_f32 *p, const float *a, const float *b, float *output);

/* int32 without scales: a / b, cut toward zero; by 0 it is 0; sums and products wrap. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int32_t *a_constant;
  const int32_t *b_constant;
} mote_div_s32;

void mote_div_s32__ref(const mote_div_s32 *p, const int32_t *a, const int32_t *b, int32_t *output);

/* The quotient of the integers with 22 bits behind the point, rounded, and then rescaled: scale a / (scale b * scale of the
 * output * 2^22). By zero it is as large as the output can be; 0 / 0 is 0. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t a_zero_point, b_zero_point;
  int32_t output_zero_point, output_multiplier, output_shift;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_div_s8;

void mote_div_s8__ref(const mote_div_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* int16 without zero points: the quotient has 30 bits behind the point and is rescaled by mote_requantize64. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
  int32_t output_multiplier, output_shift;
  int32_t output_min, output_max;
} mote_div_s16;

void mote_div_s16__ref(const mote_div_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);

#endif
