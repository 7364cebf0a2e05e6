/* SPDX-License-Identifier: Apache-2.0 */
/* int16 a + b or a - b with broadcasting. The operand of the larger scale is only shifted to the common scale, the other
 * one takes a high product. */
#include "mote/add.h"
#include "mote/broadcast.h"
#include "mote/highmul.h"
#include "mote/requantize.h"

void mote_add_s16_hoisted__c99(const mote_add_s16_hoisted *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int16_t *const first = p->a_constant ? p->a_constant : a;
  const int16_t *const second = p->b_constant ? p->b_constant : b;
  const mote_high_factor scaled = {p->scaled_multiplier, p->scaled_half, p->scaled_round, p->scaled_ties,
                                   p->scaled_shift};
  const mote_high_factor out = {p->output_multiplier, p->output_half, p->output_round, p->output_ties,
                                p->output_shift};
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int16_t *x = (p->b_scaled ? first + ia : second + ib);
    const int16_t *y = (p->b_scaled ? second + ib : first + ia);
    const int32_t x_step = p->b_scaled ? a_step : b_step;
    const int32_t y_step = p->b_scaled ? b_step : a_step;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      const int32_t other = mote_high_scale_doubled((int32_t)((uint32_t)*y << 16), scaled);
      const int32_t sum = *x * p->plain_factor + other * p->scaled_sign;
      *output++ = (int16_t)mote_clamp(mote_high_scale_doubled(2 * sum, out), p->output_min, p->output_max);
      x += x_step;
      y += y_step;
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
