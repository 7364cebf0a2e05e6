/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a * b with broadcasting, the scaling reduced to a high product and a shift. */
#include "mote/broadcast.h"
#include "mote/highmul.h"
#include "mote/mul.h"
#include "mote/requantize.h"

void mote_mul_s8_hoisted__c99(const mote_mul_s8_hoisted *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int8_t *const first = p->a_constant ? p->a_constant : a;
  const int8_t *const second = p->b_constant ? p->b_constant : b;
  const mote_high_factor f = {p->multiplier, p->half, p->round, p->ties, p->shift};
  /* Copies: the compiler must think that a store to `output` may change *p. */
  const int32_t a_zero_point = p->a_zero_point;
  const int32_t b_zero_point = p->b_zero_point;
  const int32_t min = p->output_min;
  const int32_t max = p->output_max;
  const int32_t count = p->dims[4];
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int8_t *x = first + ia;
    const int8_t *y = second + ib;
    for (int32_t i = 0; i < count; i++) {
      const int32_t product = (*x - a_zero_point) * (*y - b_zero_point);
      *output++ = (int8_t)mote_clamp(mote_high_scale(product, f), min, max);
      x += a_step;
      y += b_step;
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
