/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of 8-bit elements, replaced. */
#include "mote/scatter.h"

void mote_scatter_x8__ref(const mote_scatter_x8 *p, const void *x, const int32_t *rows, const void *updates, void *output) {
  const uint8_t *const from = (const uint8_t *)x;
  const uint8_t *const changes = (const uint8_t *)updates;
  uint8_t *const out = (uint8_t *)output;
  for (int32_t i = 0; i < p->depth * p->inner; i++) out[i] = from[i];
  for (int32_t k = 0; k < p->count; k++) {
    if (rows[k] < 0 || rows[k] >= p->depth) continue;
    for (int32_t i = 0; i < p->inner; i++) out[rows[k] * p->inner + i] = changes[k * p->inner + i];
  }
}
