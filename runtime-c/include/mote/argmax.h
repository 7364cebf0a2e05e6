/* SPDX-License-Identifier: Apache-2.0 */
/* argMax: the index of the largest of `depth` elements that are `inner` apart, of equal ones the first, or the last where
 * `last` is 1. The output must not overlap the input. */
#ifndef MOTE_ARGMAX_H
#define MOTE_ARGMAX_H

#include <stdint.h>

typedef struct {
  int32_t outer, depth, inner;
  int32_t last;
} mote_argmax_f32;

void mote_argmax_f32__ref(const mote_argmax_f32 *p, const float *input, int32_t *output);

typedef struct {
  int32_t outer, depth, inner;
  int32_t last;
} mote_argmax_s32;

void mote_argmax_s32__ref(const mote_argmax_s32 *p, const int32_t *input, int32_t *output);

typedef struct {
  int32_t outer, depth, inner;
  int32_t last;
} mote_argmax_s8;

void mote_argmax_s8__ref(const mote_argmax_s8 *p, const int8_t *input, int32_t *output);

typedef struct {
  int32_t outer, depth, inner;
  int32_t last;
} mote_argmax_s16;

void mote_argmax_s16__ref(const mote_argmax_s16 *p, const int16_t *input, int32_t *output);

#endif
