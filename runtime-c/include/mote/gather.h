/* SPDX-License-Identifier: Apache-2.0 */
/* Rows chosen by index: x is [outer, depth, inner], the output [outer, count, inner], in elements of 8, 16 or 32 bits.
 * Negative indices count from the end; indices beyond the ends take the nearest row. Where x_constant (or index_constant) is
 * not null, it is read instead of x (or indices). The output must not overlap an input. */
#ifndef MOTE_GATHER_H
#define MOTE_GATHER_H

#include <stdint.h>

typedef struct {
  int32_t outer, depth, inner, count;
  const void *x_constant;
  const int32_t *index_constant;
} mote_gather_x8;

void mote_gather_x8__ref(const mote_gather_x8 *p, const void *x, const int32_t *indices, void *output);

typedef struct {
  int32_t outer, depth, inner, count;
  const void *x_constant;
  const int32_t *index_constant;
} mote_gather_x16;

void mote_gather_x16__ref(const mote_gather_x16 *p, const void *x, const int32_t *indices, void *output);

typedef struct {
  int32_t outer, depth, inner, count;
  const void *x_constant;
  const int32_t *index_constant;
} mote_gather_x32;

void mote_gather_x32__ref(const mote_gather_x32 *p, const void *x, const int32_t *indices, void *output);

#endif
