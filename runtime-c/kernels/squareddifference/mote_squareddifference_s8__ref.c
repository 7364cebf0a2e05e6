/* SPDX-License-Identifier: Apache-2.0 */
/* int8 (a - b)^2 with broadcasting. */
#include "mote/squareddifference.h"

#include "mote/broadcast.h"
#include "mote/requantize.h"

static int8_t squared(const mote_squareddifference_s8 *p, int32_t a, int32_t b) {
  const int32_t x = mote_requantize(a * (1 << 7), p->a_multiplier, p->a_shift, p->rounding);
  const int32_t y = mote_requantize(b * (1 << 7), p->b_multiplier, p->b_shift, p->rounding);
  return (int8_t)mote_requantize_to((x - y) * (x - y), p->output_multiplier, p->output_shift, p->rounding,
                                    p->output_zero_point, -128, 127);
}

void mote_squareddifference_s8__ref(const mote_squareddifference_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int8_t *const first = p->a_constant ? p->a_constant : a;
  const int8_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int8_t *x = first + ia;
    const int8_t *y = second + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      *output++ = squared(p, *x - p->a_zero_point, *y - p->b_zero_point);
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
