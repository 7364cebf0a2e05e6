/* SPDX-License-Identifier: Apache-2.0 */
/* reduceMax: the largest element over some dimensions. The dimensions that are kept and those that are reduced, each outermost
 * first and padded in front with 1, with their strides in the input. The output must not overlap the input. */
#ifndef MOTE_REDUCEMAX_H
#define MOTE_REDUCEMAX_H

#include <stdint.h>

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_reducemax_f32;

void mote_reducemax_f32__ref(const mote_reducemax_f32 *p, const float *input, float *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_reducemax_s32;

void mote_reducemax_s32__ref(const mote_reducemax_s32 *p, const int32_t *input, int32_t *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_reducemax_s8;

void mote_reducemax_s8__ref(const mote_reducemax_s8 *p, const int8_t *input, int8_t *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_reducemax_s16;

void mote_reducemax_s16__ref(const mote_reducemax_s16 *p, const int16_t *input, int16_t *output);

#endif
