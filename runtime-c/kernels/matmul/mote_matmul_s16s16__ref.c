/* SPDX-License-Identifier: Apache-2.0 */
/* int16 matrix product, plain C. */
#include "mote/matmul.h"
#include "mote/requantize.h"

void mote_matmul_s16s16__ref(const mote_matmul_s16s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int16_t *x = p->a_constant ? p->a_constant : a;
  const int16_t *matrix = p->b_constant ? p->b_constant : b;
  for (int32_t n = 0; n < p->batches; n++) {
    const int16_t *const next = x + p->a_batch_stride;
    for (int32_t r = 0; r < p->rows; r++) {
      for (int32_t c = 0; c < p->columns; c++) {
        const int16_t *y = matrix + c;
        int64_t sum = 0;
        for (int32_t k = 0; k < p->depth; k++) {
          sum += x[k] * *y;
          y += p->columns;
        }
        *output++ = (int16_t)mote_clamp(mote_requantize64(sum, p->multiplier, p->shift), -32768, 32767);
      }
      x += p->depth;
    }
    x = next;
    matrix += p->b_batch_stride;
  }
}
