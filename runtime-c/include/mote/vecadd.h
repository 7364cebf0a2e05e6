/* SPDX-License-Identifier: Apache-2.0 */
/* Integer a + b and a - b with numpy broadcasting, elements in vector lanes: add.h and sub.h for vector instructions. Along
 * rows (dims[4]) a stride is 0 or 1. The output may be the buffer of an input that has the output's shape.
 *
 * A factor is (x << left) * multiplier, then right. tflite: a saturating rounding doubling high multiply, then a rounding
 * shift by right >= 0, ties away from zero. single: the high word of the product, then a rounding shift by right > 0; the
 * packer has chosen left so that no bit below the high word counts. */
#ifndef MOTE_VECADD_H
#define MOTE_VECADD_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t a_zero_point, a_left, a_multiplier, a_right;
  int32_t b_zero_point, b_left, b_multiplier, b_right;
  int32_t subtract; /* 1: a - b */
  int32_t output_zero_point, output_left, output_multiplier, output_right;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_vecadd_s8;

void mote_vecadd_s8__mve(const mote_vecadd_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);
void mote_vecadd_s8__rvv(const mote_vecadd_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
  int32_t a_zero_point, a_left, a_multiplier, a_right;
  int32_t b_zero_point, b_left, b_multiplier, b_right;
  int32_t subtract; /* 1: a - b */
  int32_t output_zero_point, output_left, output_multiplier, output_right;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_vecadd_s16;

void mote_vecadd_s16__mve(const mote_vecadd_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);
void mote_vecadd_s16__rvv(const mote_vecadd_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);


#endif
