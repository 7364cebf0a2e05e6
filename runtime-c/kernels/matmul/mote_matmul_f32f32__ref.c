/* SPDX-License-Identifier: Apache-2.0 */
/* float32 matrix product, plain C. */
#include "mote/matmul.h"

void mote_matmul_f32f32__ref(const mote_matmul_f32f32 *p, const float *a, const float *b, float *output) {
  const float *x = p->a_constant ? p->a_constant : a;
  const float *matrix = p->b_constant ? p->b_constant : b;
  for (int32_t n = 0; n < p->batches; n++) {
    const float *const next = x + p->a_batch_stride;
    for (int32_t r = 0; r < p->rows; r++) {
      for (int32_t c = 0; c < p->columns; c++) {
        const float *y = matrix + c;
        float sum = 0.0f;
        for (int32_t k = 0; k < p->depth; k++) {
          sum += x[k] * *y;
          y += p->columns;
        }
        *output++ = sum;
      }
      x += p->depth;
    }
    x = next;
    matrix += p->b_batch_stride;
  }
}
