/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of 32-bit elements, replaced. */
#include "mote/scatter.h"

void mote_scatter_x32__ref(const mote_scatter_x32 *p, const void *x, const int32_t *rows, const void *updates, void *output) {
  const uint32_t *const from = (const uint32_t *)x;
  const uint32_t *const changes = (const uint32_t *)updates;
  uint32_t *const out = (uint32_t *)output;
  for (int32_t i = 0; i < p->depth * p->inner; i++) out[i] = from[i];
  for (int32_t k = 0; k < p->count; k++) {
    if (rows[k] < 0 || rows[k] >= p->depth) continue;
    for (int32_t i = 0; i < p->inner; i++) out[rows[k] * p->inner + i] = changes[k * p->inner + i];
  }
}
