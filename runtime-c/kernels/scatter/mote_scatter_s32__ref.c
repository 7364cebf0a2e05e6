/* SPDX-License-Identifier: Apache-2.0 */
/* int32 rows, which wrap, combined with what is there. */
#include "mote/scatter.h"

static int32_t combined(int32_t a, int32_t b, int32_t reduction) {
  if (reduction == 1) return (int32_t)((uint32_t)a + (uint32_t)b);
  if (reduction == 2) return (int32_t)((uint32_t)a * (uint32_t)b);
  if (reduction == 3) return b < a ? b : a;
  return b > a ? b : a;
}

void mote_scatter_s32__ref(const mote_scatter_s32 *p, const int32_t *x, const int32_t *rows, const int32_t *updates, int32_t *output) {
  for (int32_t i = 0; i < p->depth * p->inner; i++) output[i] = x[i];
  for (int32_t k = 0; k < p->count; k++) {
    if (rows[k] < 0 || rows[k] >= p->depth) continue;
    int32_t *const row = output + rows[k] * p->inner;
    for (int32_t i = 0; i < p->inner; i++) row[i] = combined(row[i], updates[k * p->inner + i], p->reduction);
  }
}
