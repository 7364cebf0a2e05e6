/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a / b with broadcasting. */
#include "mote/div.h"

#include "mote/broadcast.h"
#include "mote/requantize.h"

static int8_t quotient(const mote_div_s8 *p, int32_t a, int32_t b) {
  if (b == 0) {
    const int32_t limit = a == 0 ? p->output_zero_point : a > 0 ? 127 : -128;
    return (int8_t)mote_clamp(limit, p->output_min, p->output_max);
  }
  const int32_t dividend = (a < 0 ? -a : a) * (1 << 22);
  const int32_t divisor = b < 0 ? -b : b;
  const int32_t size = (dividend + divisor / 2) / divisor;
  return (int8_t)mote_requantize_to((a < 0) == (b < 0) ? size : -size, p->output_multiplier, p->output_shift,
                                    p->rounding, p->output_zero_point, p->output_min, p->output_max);
}

void mote_div_s8__ref(const mote_div_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int8_t *const first = p->a_constant ? p->a_constant : a;
  const int8_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int8_t *x = first + ia;
    const int8_t *y = second + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      *output++ = quotient(p, *x - p->a_zero_point, *y - p->b_zero_point);
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
