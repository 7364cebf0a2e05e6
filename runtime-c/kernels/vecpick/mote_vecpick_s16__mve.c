/* SPDX-License-Identifier: Apache-2.0 */
/* The larger or smaller of two int16 on Helium, 8 elements at a time. */
#include "mote/broadcast.h"
#include "mote/mve_vector.h"
#include "mote/vecpick.h"

static inline int16x8_t load(const int16_t *from, int32_t step, mve_pred16_t lanes) {
  return step ? vldrhq_z_s16(from, lanes) : vdupq_n_s16(*from);
}

static inline void row(const mote_vecpick_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  for (int32_t left = p->dims[4]; left > 0; left -= 8) {
    const mve_pred16_t lanes = vctp16q((uint32_t)left);
    const int16x8_t x = load(a, a_step, lanes);
    const int16x8_t y = load(b, b_step, lanes);
    vstrhq_p_s16(output, p->largest ? vmaxq_s16(x, y) : vminq_s16(x, y), lanes);
    a += a_step * 8;
    b += b_step * 8;
    output += 8;
  }
}

void mote_vecpick_s16__mve(const mote_vecpick_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int16_t *const first = p->a_constant ? p->a_constant : a;
  const int16_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    row(p, first + ia, second + ib, output);
    output += p->dims[4];
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
