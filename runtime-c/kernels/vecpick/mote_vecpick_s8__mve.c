/* SPDX-License-Identifier: Apache-2.0 */
/* The larger or smaller of two int8 on Helium, 16 elements at a time. */
#include "mote/broadcast.h"
#include "mote/mve_vector.h"
#include "mote/vecpick.h"

static inline int8x16_t load(const int8_t *from, int32_t step, mve_pred16_t lanes) {
  return step ? vldrbq_z_s8(from, lanes) : vdupq_n_s8(*from);
}

static inline void row(const mote_vecpick_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  for (int32_t left = p->dims[4]; left > 0; left -= 16) {
    const mve_pred16_t lanes = vctp8q((uint32_t)left);
    const int8x16_t x = load(a, a_step, lanes);
    const int8x16_t y = load(b, b_step, lanes);
    vstrbq_p_s8(output, p->largest ? vmaxq_s8(x, y) : vminq_s8(x, y), lanes);
    a += a_step * 16;
    b += b_step * 16;
    output += 16;
  }
}

void mote_vecpick_s8__mve(const mote_vecpick_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int8_t *const first = p->a_constant ? p->a_constant : a;
  const int8_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    row(p, first + ia, second + ib, output);
    output += p->dims[4];
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
