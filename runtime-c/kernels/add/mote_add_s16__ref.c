/* SPDX-License-Identifier: Apache-2.0 */
/* int16 a + b with broadcasting. */
#include "mote/add.h"

#include "mote/broadcast.h"
#include "mote/requantize.h"

void mote_add_s16__ref(const mote_add_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int16_t *const first = p->a_constant ? p->a_constant : a;
  const int16_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  do {
    const int16_t *x = first + ia;
    const int16_t *y = second + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      const int32_t scaled_a = mote_requantize(((int32_t)*x - p->a_zero_point) * (1 << 15), p->a_multiplier,
                                               p->a_shift, p->rounding);
      const int32_t scaled_b = mote_requantize(((int32_t)*y - p->b_zero_point) * (1 << 15), p->b_multiplier,
                                               p->b_shift, p->rounding);
      *output++ = (int16_t)mote_requantize_to(mote_wrap_add(scaled_a, scaled_b), p->output_multiplier, p->output_shift,
                                              p->rounding, p->output_zero_point, p->output_min, p->output_max);
      x += a_step;
      y += b_step;
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
