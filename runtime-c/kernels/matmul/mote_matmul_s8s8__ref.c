/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix product, plain C. */
#include "mote/matmul.h"
#include "mote/requantize.h"

void mote_matmul_s8s8__ref(const mote_matmul_s8s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int8_t *x = p->a_constant ? p->a_constant : a;
  const int8_t *matrix = p->b_constant ? p->b_constant : b;
  for (int32_t n = 0; n < p->batches; n++) {
    const int8_t *const next = x + p->a_batch_stride;
    for (int32_t r = 0; r < p->rows; r++) {
      for (int32_t c = 0; c < p->columns; c++) {
        const int8_t *y = matrix + c;
        int32_t sum = 0;
        for (int32_t k = 0; k < p->depth; k++) {
          sum += (x[k] - p->a_zero_point) * (*y - p->b_zero_point);
          y += p->columns;
        }
        *output++ = (int8_t)mote_requantize_to(sum, p->multiplier, p->shift, p->rounding, p->output_zero_point, -128,
                                               127);
      }
      x += p->depth;
    }
    x = next;
    matrix += p->b_batch_stride;
  }
}
