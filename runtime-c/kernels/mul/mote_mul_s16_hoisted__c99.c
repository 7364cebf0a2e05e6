/* SPDX-License-Identifier: Apache-2.0 */
/* int16 a * b with broadcasting, the scaling reduced to a high product and a shift. */
#include "mote/broadcast.h"
#include "mote/highmul.h"
#include "mote/mul.h"
#include "mote/requantize.h"

void mote_mul_s16_hoisted__c99(const mote_mul_s16_hoisted *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int16_t *const first = p->a_constant ? p->a_constant : a;
  const int16_t *const second = p->b_constant ? p->b_constant : b;
  const mote_high_factor f = {p->multiplier, p->half, p->round, p->ties, p->shift};
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int16_t *x = first + ia;
    const int16_t *y = second + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      const int32_t product = (int32_t)*x * *y;
      *output++ = (int16_t)mote_clamp(mote_high_scale(product, f), p->output_min, p->output_max);
      x += a_step;
      y += b_step;
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
