/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b or a - b with broadcasting, where no linear form gives every result. The operand of the larger scale is only
 * shifted to the common scale, the other one takes a high product. */
#include "mote/add.h"
#include "mote/broadcast.h"
#include "mote/highmul.h"
#include "mote/requantize.h"

/* One row; `k` is the caller's own copy, which stores to `output` cannot change. */
static inline void one_row(const mote_add_s8_hoisted k, const int8_t *x, int32_t x_step, const int8_t *y,
                           int32_t y_step, int8_t *output) {
  const mote_high_factor scaled = {k.scaled_multiplier, k.scaled_half, k.scaled_round, k.scaled_ties, k.scaled_shift};
  const mote_high_factor out = {k.output_multiplier, k.output_half, k.output_round, k.output_ties, k.output_shift};
  for (int32_t i = 0; i < k.dims[4]; i++) {
    const int32_t other = mote_high_scale_doubled((*y - k.scaled_zero_point) * (1 << 21), scaled);
    const int32_t sum = (*x - k.plain_zero_point) * k.plain_factor + other * k.scaled_sign;
    output[i] = (int8_t)mote_clamp(mote_high_scale_doubled(2 * sum, out), k.output_min, k.output_max);
    x += x_step;
    y += y_step;
  }
}

void mote_add_s8_hoisted__c99(const mote_add_s8_hoisted *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int8_t *const first = p->a_constant ? p->a_constant : a;
  const int8_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    if (p->b_scaled)
      one_row(*p, first + ia, p->a_strides[4], second + ib, p->b_strides[4], output);
    else
      one_row(*p, second + ib, p->b_strides[4], first + ia, p->a_strides[4], output);
    output += p->dims[4];
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
