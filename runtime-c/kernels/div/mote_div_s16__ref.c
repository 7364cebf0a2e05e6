/* SPDX-License-Identifier: Apache-2.0 */
/* int16 a / b with broadcasting. */
#include "mote/div.h"

#include "mote/broadcast.h"
#include "mote/requantize.h"

/* The quotient with 30 bits behind the point, in two divisions of 32 bits. */
static int16_t quotient(const mote_div_s16 *p, int32_t a, int32_t b) {
  if (b == 0) return (int16_t)mote_clamp(a == 0 ? 0 : a > 0 ? 32767 : -32768, p->output_min, p->output_max);
  const int32_t dividend = (a < 0 ? -a : a) * (1 << 15);
  const int32_t divisor = b < 0 ? -b : b;
  const int32_t high = dividend / divisor;
  const int32_t low = ((dividend - high * divisor) * (1 << 15) + divisor / 2) / divisor;
  const int64_t size = (int64_t)high * (1 << 15) + low;
  const int64_t value = (a < 0) == (b < 0) ? size : -size;
  return (int16_t)mote_clamp(mote_requantize64(value, p->output_multiplier, p->output_shift), p->output_min,
                             p->output_max);
}

void mote_div_s16__ref(const mote_div_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int16_t *const first = p->a_constant ? p->a_constant : a;
  const int16_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int16_t *x = first + ia;
    const int16_t *y = second + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      *output++ = quotient(p, *x, *y);
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
