/* SPDX-License-Identifier: Apache-2.0 */
/* float32 rows, combined with what is there. */
#include "mote/scatter.h"

static float combined(float a, float b, int32_t reduction) {
  if (reduction == 1) return a + b;
  if (reduction == 2) return a * b;
  if (reduction == 3) return b < a ? b : a;
  return b > a ? b : a;
}

void mote_scatter_f32__ref(const mote_scatter_f32 *p, const float *x, const int32_t *rows, const float *updates, float *output) {
  for (int32_t i = 0; i < p->depth * p->inner; i++) output[i] = x[i];
  for (int32_t k = 0; k < p->count; k++) {
    if (rows[k] < 0 || rows[k] >= p->depth) continue;
    float *const row = output + rows[k] * p->inner;
    for (int32_t i = 0; i < p->inner; i++) row[i] = combined(row[i], updates[k * p->inner + i], p->reduction);
  }
}
