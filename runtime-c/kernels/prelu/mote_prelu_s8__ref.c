/* SPDX-License-Identifier: Apache-2.0 */
/* int8 prelu: a, or a * b where a is below zero. */
#include "mote/prelu.h"

#include "mote/broadcast.h"
#include "mote/requantize.h"

static int8_t sloped(const mote_prelu_s8 *p, int32_t x, int32_t slope) {
  if (x >= 0)
    return (int8_t)mote_requantize_to(x, p->positive_multiplier, p->positive_shift, p->rounding, p->output_zero_point,
                                      -128, 127);
  return (int8_t)mote_requantize_to(x * slope, p->negative_multiplier, p->negative_shift, p->rounding,
                                    p->output_zero_point, -128, 127);
}

void mote_prelu_s8__ref(const mote_prelu_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int8_t *const first = p->a_constant ? p->a_constant : a;
  const int8_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int8_t *x = first + ia;
    const int8_t *y = second + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      *output++ = sloped(p, *x - p->a_zero_point, *y - p->b_zero_point);
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
