/* SPDX-License-Identifier: Apache-2.0 */
/* int16 prelu: a, or a * b where a is below zero. */
#include "mote/prelu.h"

#include "mote/broadcast.h"
#include "mote/requantize.h"

static int16_t sloped(const mote_prelu_s16 *p, int32_t x, int32_t slope) {
  if (x >= 0)
    return (int16_t)mote_requantize_to(x, p->positive_multiplier, p->positive_shift, p->rounding, 0,
                                      -32768, 32767);
  return (int16_t)mote_requantize_to(x * slope, p->negative_multiplier, p->negative_shift, p->rounding,
                                    0, -32768, 32767);
}

void mote_prelu_s16__ref(const mote_prelu_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int16_t *const first = p->a_constant ? p->a_constant : a;
  const int16_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int16_t *x = first + ia;
    const int16_t *y = second + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      *output++ = sloped(p, *x, *y);
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
