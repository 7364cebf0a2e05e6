/* SPDX-License-Identifier: Apache-2.0 */
/* int16 a * b on Helium, four elements at a time. */
#include "mote/broadcast.h"
#include "mote/mve_vector.h"
#include "mote/vecmul.h"

static inline void row(const mote_vecmul_s16 *p, const int16_t *a, const int16_t *b, int16_t *output, int32_t single) {
  const int32_t a_step = p->a_strides[4] * 4;
  const int32_t b_step = p->b_strides[4] * 4;
  const uint32x4_t a_at = mote_mve_steps(p->a_strides[4]);
  const uint32x4_t b_at = mote_mve_steps(p->b_strides[4]);
  for (int32_t left = p->dims[4]; left > 0; left -= 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    int32x4_t x = vsubq_n_s32(mote_mve_load_s16(a, a_at, lanes), p->a_zero_point);
    x = vmulq_s32(x, vsubq_n_s32(mote_mve_load_s16(b, b_at, lanes), p->b_zero_point));
    x = mote_mve_factor(x, p->output_left, p->output_multiplier, p->output_right, single);
    x = mote_mve_clamp(vaddq_n_s32(x, p->output_zero_point), p->output_min, p->output_max);
    mote_mve_store_s16(output, x, lanes);
    a += a_step;
    b += b_step;
    output += 4;
  }
}

void mote_vecmul_s16__mve(const mote_vecmul_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int16_t *const first = p->a_constant ? p->a_constant : a;
  const int16_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    if (p->rounding == MOTE_ROUNDING_SINGLE) row(p, first + ia, second + ib, output, 1);
    else row(p, first + ia, second + ib, output, 0);
    output += p->dims[4];
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
