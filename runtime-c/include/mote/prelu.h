/* SPDX-License-Identifier: Apache-2.0 */
/* prelu: a where it is not below 0, else a * b; with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output may be the buffer of an input that has the output's shape. */
#ifndef MOTE_PRELU_H
#define MOTE_PRELU_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const float *a_constant;
  const float *b_constant;
} mote_prelu_f32;

void mote_prelu_f32__ref(const mote_prelu_f32 *p, const float *a, const float *b, float *output);

/* As TensorFlow Lite's reference kernel. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t a_zero_point, b_zero_point;
  int32_t output_zero_point;
  int32_t positive_multiplier, positive_shift; /* scale of a / scale of the output */
  int32_t negative_multiplier, negative_shift; /* the same times scale of b */
  int32_t rounding;
} mote_prelu_s8;

void mote_prelu_s8__ref(const mote_prelu_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* int16 without zero points. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
  int32_t positive_multiplier, positive_shift;
  int32_t negative_multiplier, negative_shift;
  int32_t rounding;
} mote_prelu_s16;

void mote_prelu_s16__ref(const mote_prelu_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);

#endif
