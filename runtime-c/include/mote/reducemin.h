/* SPDX-License-Identifier: Apache-2.0 */
/* reduceMin: the smallest element over some dimensions. The dimensions that are kept and those that are reduced, each outermost
 * first and padded in front with 1, with their strides in the input. The output must not overlap the input. */
#ifndef MOTE_REDUCEMIN_H
#define MOTE_REDUCEMIN_H

#include <stdint.h>

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_reducemin_f32;

void mote_reducemin_f32__ref(const mote_reducemin_f32 *p, const float *input, float *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_reducemin_s32;

void mote_reducemin_s32__ref(const mote_reducemin_s32 *p, const int32_t *input, int32_t *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_reducemin_s8;

void mote_reducemin_s8__ref(const mote_reducemin_s8 *p, const int8_t *input, int8_t *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_reducemin_s16;

void mote_reducemin_s16__ref(const mote_reducemin_s16 *p, const int16_t *input, int16_t *output);

#endif
