/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of 32-bit elements. */
#include "mote/gather.h"

void mote_gather_x32__ref(const mote_gather_x32 *p, const void *x, const int32_t *indices, void *output) {
  const uint32_t *from = (const uint32_t *)(p->x_constant ? p->x_constant : x);
  const int32_t *const chosen = p->index_constant ? p->index_constant : indices;
  uint32_t *out = (uint32_t *)output;
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t k = 0; k < p->count; k++) {
      int32_t index = chosen[k];
      if (index < 0) index += p->depth;
      if (index < 0) index = 0;
      if (index >= p->depth) index = p->depth - 1;
      for (int32_t i = 0; i < p->inner; i++) *out++ = from[index * p->inner + i];
    }
    from += p->depth * p->inner;
  }
}
