/* SPDX-License-Identifier: Apache-2.0 */
/* int16 (a - b)^2 with broadcasting. */
#include "mote/squareddifference.h"

#include "mote/broadcast.h"
#include "mote/requantize.h"

static int16_t squared(const mote_squareddifference_s16 *p, int32_t a, int32_t b) {
  const int32_t x = mote_requantize(a * (1 << 14), p->a_multiplier, p->a_shift, p->rounding);
  const int32_t y = mote_requantize(b * (1 << 14), p->b_multiplier, p->b_shift, p->rounding);
  const int64_t square = (int64_t)(x - y) * (x - y); /* at most 2^58 */
  return (int16_t)mote_clamp(mote_requantize64((square + (1 << 11)) >> 12, p->output_multiplier, p->output_shift),
                             -32768, 32767);
}

void mote_squareddifference_s16__ref(const mote_squareddifference_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int16_t *const first = p->a_constant ? p->a_constant : a;
  const int16_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int16_t *x = first + ia;
    const int16_t *y = second + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      *output++ = squared(p, *x, *y);
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
