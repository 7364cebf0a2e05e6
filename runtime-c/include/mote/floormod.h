/* SPDX-License-Identifier: Apache-2.0 */
/* floorMod: the remainder of a / b with the sign of b; integers divided by 0 give 0; with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output may be the buffer of an input that has the output's shape. */
#ifndef MOTE_FLOORMOD_H
#define MOTE_FLOORMOD_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const float *a_constant;
  const float *b_constant;
} mote_floormod_f32;

void mote_floormod_f32__ref(const mote_floormod_f32 *p, const float *a, const float *b, float *output);

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int32_t *a_constant;
  const int32_t *b_constant;
} mote_floormod_s32;

void mote_floormod_s32__ref(const mote_floormod_s32 *p, const int32_t *a, const int32_t *b, int32_t *output);

#endif
