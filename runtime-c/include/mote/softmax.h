/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax over rows of `depth` elements. The output may be the buffer of the input. */
#ifndef MOTE_SOFTMAX_H
#define MOTE_SOFTMAX_H

#include <stdint.h>

/* Input of any scale; output scale 1/256, zero point -128. multiplier and shift bring a difference of two inputs to
 * Q5.26 (scale * beta * 2^26); differences below diff_min count as exp = 0. */
typedef struct {
  int32_t rows, depth;
  int32_t multiplier, shift;
  int32_t diff_min;
  int32_t rounding;
} mote_softmax_s8;

void mote_softmax_s8__ref(const mote_softmax_s8 *p, const int8_t *input, int8_t *output);

/* The same with int16 output of scale 1/65536 and zero point -32768. */
typedef struct {
  int32_t rows, depth;
  int32_t multiplier, shift;
  int32_t diff_min;
  int32_t rounding;
} mote_softmax_s8s16;

void mote_softmax_s8s16__ref(const mote_softmax_s8s16 *p, const int8_t *input, int16_t *output);

/* Output scale 1/32768, zero point 0. The tables have 513 entries (512 intervals, linear between them): exp over
 * [-10, 0] and 1 / (1 + x) over [0, 1], both in Q0.15. */
typedef struct {
  int32_t rows, depth;
  int32_t multiplier, shift;
  const int16_t *exp_table;
  const int16_t *reciprocal_table;
  int32_t rounding;
} mote_softmax_s16;

void mote_softmax_s16__ref(const mote_softmax_s16 *p, const int16_t *input, int16_t *output);

typedef struct {
  int32_t rows, depth;
  float beta;
} mote_softmax_f32;

void mote_softmax_f32__ref(const mote_softmax_f32 *p, const float *input, float *output);

/* exp_table[d] is the exponential, in Q0.31, of d steps below the row's maximum; 0 where mote_softmax_s8 counts it as 0. */
typedef struct {
  int32_t rows, depth;
  const int32_t *exp_table; /* 256 entries */
} mote_softmax_s8_table;

void mote_softmax_s8_table__c99(const mote_softmax_s8_table *p, const int8_t *input, int8_t *output);

#endif
