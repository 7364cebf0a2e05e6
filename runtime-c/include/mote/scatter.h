/* SPDX-License-Identifier: Apache-2.0 */
/* x with `count` rows of `inner` elements replaced by updates, or combined with them; rows outside of [0, depth) change
 * nothing. The output must overlap nothing. */
#ifndef MOTE_SCATTER_H
#define MOTE_SCATTER_H

#include <stdint.h>

typedef struct {
  int32_t depth, inner, count;
} mote_scatter_x8;

void mote_scatter_x8__ref(const mote_scatter_x8 *p, const void *x, const int32_t *rows, const void *updates, void *output);

typedef struct {
  int32_t depth, inner, count;
} mote_scatter_x16;

void mote_scatter_x16__ref(const mote_scatter_x16 *p, const void *x, const int32_t *rows, const void *updates, void *output);

typedef struct {
  int32_t depth, inner, count;
} mote_scatter_x32;

void mote_scatter_x32__ref(const mote_scatter_x32 *p, const void *x, const int32_t *rows, const void *updates, void *output);

/* reduction: 1 adds, 2 multiplies, 3 and 4 keep the smaller or the larger. */
typedef struct {
  int32_t depth, inner, count, reduction;
} mote_scatter_f32;

void mote_scatter_f32__ref(const mote_scatter_f32 *p, const float *x, const int32_t *rows, const float *updates, float *output);

/* reduction: 1 adds, 2 multiplies, 3 and 4 keep the smaller or the larger. */
typedef struct {
  int32_t depth, inner, count, reduction;
} mote_scatter_s32;

void mote_scatter_s32__ref(const mote_scatter_s32 *p, const int32_t *x, const int32_t *rows, const int32_t *updates, int32_t *output);

#endif
