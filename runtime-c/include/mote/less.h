/* SPDX-License-Identifier: Apache-2.0 */
/* less: a < b; with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output is a bool, one byte of 0 or 1, and must not overlap an input. */
#ifndef MOTE_LESS_H
#define MOTE_LESS_H

#include <stdint.h>

#include "mote/compare.h"

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const float *a_constant;
  const float *b_constant;
} mote_less_f32b8;

void mote_less_f32b8__ref(const mote_less_f32b8 *p, const float *a, const float *b, uint8_t *output);

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int32_t *a_constant;
  const int32_t *b_constant;
} mote_less_s32b8;

void mote_less_s32b8__ref(const mote_less_s32b8 *p, const int32_t *a, const int32_t *b, uint8_t *output);

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  mote_comparison a, b; /* their scales, see compare.h */
} mote_less_s8b8;

void mote_less_s8b8__ref(const mote_less_s8b8 *p, const int8_t *a, const int8_t *b, uint8_t *output);

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
  mote_comparison a, b; /* their scales, see compare.h */
} mote_less_s16b8;

void mote_less_s16b8__ref(const mote_less_s16b8 *p, const int16_t *a, const int16_t *b, uint8_t *output);

#endif
