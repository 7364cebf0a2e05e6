/* SPDX-License-Identifier: Apache-2.0 */
/* Walks two inputs over one output with numpy broadcasting: five dimensions, outermost first, padded in front with 1;
 * a stride of 0 repeats. The packer merges dimensions, so equal shapes are one inner loop. */
#ifndef MOTE_BROADCAST_H
#define MOTE_BROADCAST_H

#include <stdint.h>

/* Moves to the next row (dims[4] elements) of the output; 0 when there is none. `index` starts as {0, 0, 0, 0}. */
static inline int mote_broadcast_next(const int32_t *dims, const int32_t *a_strides, const int32_t *b_strides,
                                      int32_t *index, int32_t *a, int32_t *b) {
  for (int d = 3; d >= 0; d--) {
    *a += a_strides[d];
    *b += b_strides[d];
    if (++index[d] < dims[d]) return 1;
    *a -= a_strides[d] * dims[d];
    *b -= b_strides[d] * dims[d];
    index[d] = 0;
  }
  return 0;
}

#endif
