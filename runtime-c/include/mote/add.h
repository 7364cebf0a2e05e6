/* SPDX-License-Identifier: Apache-2.0 */
/* a + b with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output may be the buffer of an input that has the output's shape. */
#ifndef MOTE_ADD_H
#define MOTE_ADD_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const float *a_constant;
  const float *b_constant;
  float output_min, output_max;
} mote_add_f32;

void mote_add_f32__ref(const mote_add_f32 *p, const float *a, const float *b, float *output);

/* Both inputs are scaled to a common scale with 20 spare bits, added, and scaled to the output. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t a_zero_point, a_multiplier, a_shift;
  int32_t b_zero_point, b_multiplier, b_shift;
  int32_t output_zero_point, output_multiplier, output_shift;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_add_s8;

void mote_add_s8__ref(const mote_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* Equal shapes: dims[4] elements, no constant operand. a_shift and b_shift <= 0, output_shift <= -2. */
void mote_add_s8__mve(const mote_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* Two tensors of one shape, each value scaled to the common scale by a table (Armv6-M: requantizing is 27 instructions,
 * looking up is 3). */
typedef struct {
  int32_t count;
  const int32_t *a_table, *b_table; /* [256], by the value as an unsigned byte */
  const int32_t *scale;             /* a mote_thumb_scale */
  int32_t output_min, output_max;
  int32_t half, signs; /* see thumb_requantize.h */
} mote_add_s8_table;

void mote_add_s8_table__thumb(const mote_add_s8_table *p, const int8_t *a, const int8_t *b, int8_t *output);

/* Both inputs are scaled to a common scale with 15 spare bits, added, and scaled to the output. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
  int32_t a_zero_point, a_multiplier, a_shift;
  int32_t b_zero_point, b_multiplier, b_shift;
  int32_t output_zero_point, output_multiplier, output_shift;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_add_s16;

void mote_add_s16__ref(const mote_add_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);

/* Equal shapes, no constant operand. (a * a_factor + b * b_factor + offset) >> shift, clamped, equals mote_add_s8 for
 * all 65,536 pairs of inputs: the packer has tried them all. Products and sums wrap. */
typedef struct {
  int32_t count;
  int32_t a_factor, b_factor, offset, shift;
  int32_t output_min, output_max;
} mote_add_s8_same;

void mote_add_s8_same__dsp(const mote_add_s8_same *p, const int8_t *a, const int8_t *b, int8_t *output);
void mote_add_s8_same__rv32(const mote_add_s8_same *p, const int8_t *a, const int8_t *b, int8_t *output);
void mote_add_s8_same__simd128(const mote_add_s8_same *p, const int8_t *a, const int8_t *b, int8_t *output);

/* (a * a_factor + b * b_factor + offset) >> shift, clamped, equals mote_add_s8 (or mote_sub_s8: then b_factor is negative)
 * for all 65,536 pairs of inputs: the packer has tried them all. No sum leaves 32 bits. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t a_factor, b_factor, offset, shift;
  int32_t output_min, output_max;
} mote_add_s8_linear;

void mote_add_s8_linear__c99(const mote_add_s8_linear *p, const int8_t *a, const int8_t *b, int8_t *output);

/* mote_add_s16 or mote_sub_s16: plain operand * plain_factor + (other operand in the common scale) * scaled_sign, brought
 * to the output. The factors are mote_high_factors (highmul.h). */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
  int32_t b_scaled; /* 1: b is the other operand, 0: a */
  int32_t plain_factor, scaled_sign;
  int32_t scaled_multiplier, scaled_half, scaled_round, scaled_ties, scaled_shift;
  int32_t output_multiplier, output_half, output_round, output_ties, output_shift;
  int32_t output_min, output_max;
} mote_add_s16_hoisted;

void mote_add_s16_hoisted__c99(const mote_add_s16_hoisted *p, const int16_t *a, const int16_t *b, int16_t *output);

/* The same for int8 (mote_add_s8 or mote_sub_s8); output_round has the output zero point in it. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t b_scaled; /* 1: b is the other operand, 0: a */
  int32_t plain_zero_point, scaled_zero_point;
  int32_t plain_factor, scaled_sign;
  int32_t scaled_multiplier, scaled_half, scaled_round, scaled_ties, scaled_shift;
  int32_t output_multiplier, output_half, output_round, output_ties, output_shift;
  int32_t output_min, output_max;
} mote_add_s8_hoisted;

void mote_add_s8_hoisted__c99(const mote_add_s8_hoisted *p, const int8_t *a, const int8_t *b, int8_t *output);

/* int32 without scales: a + b; sums and products wrap. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int32_t *a_constant;
  const int32_t *b_constant;
} mote_add_s32;

void mote_add_s32__ref(const mote_add_s32 *p, const int32_t *a, const int32_t *b, int32_t *output);

#endif
