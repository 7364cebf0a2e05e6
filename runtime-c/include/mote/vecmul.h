/* SPDX-License-Identifier: Apache-2.0 */
/* Integer a * b with numpy broadcasting, elements in vector lanes: mul.h for vector instructions. Rows, factors and the
 * place of the output are as in vecadd.h. */
#ifndef MOTE_VECMUL_H
#define MOTE_VECMUL_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t a_zero_point, b_zero_point;
  int32_t output_zero_point, output_left, output_multiplier, output_right;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_vecmul_s8;

void mote_vecmul_s8__mve(const mote_vecmul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);
void mote_vecmul_s8__rvv(const mote_vecmul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
  int32_t a_zero_point, b_zero_point;
  int32_t output_zero_point, output_left, output_multiplier, output_right;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_vecmul_s16;

void mote_vecmul_s16__mve(const mote_vecmul_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);
void mote_vecmul_s16__rvv(const mote_vecmul_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);


#endif
