/* SPDX-License-Identifier: Apache-2.0 */
/* max(a, b) with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output may be the buffer of an input that has the output's shape. */
#ifndef MOTE_MAXIMUM_H
#define MOTE_MAXIMUM_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const float *a_constant;
  const float *b_constant;
} mote_maximum_f32;

void mote_maximum_f32__ref(const mote_maximum_f32 *p, const float *a, const float *b, float *output);

/* Inputs and output share one scale and zero point. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
} mote_maximum_s8;

void mote_maximum_s8__ref(const mote_maximum_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* Inputs and output share one scale and zero point. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
} mote_maximum_s16;

void mote_maximum_s16__ref(const mote_maximum_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);

/* int32 without scales: the larger of a and b; sums and products wrap. */
typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int32_t *a_constant;
  const int32_t *b_constant;
} mote_maximum_s32;

void mote_maximum_s32__ref(const mote_maximum_s32 *p, const int32_t *a, const int32_t *b, int32_t *output);

#endif
