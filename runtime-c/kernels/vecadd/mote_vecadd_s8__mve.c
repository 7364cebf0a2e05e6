/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b and a - b on Helium, four elements at a time. */
#include "mote/broadcast.h"
#include "mote/mve_vector.h"
#include "mote/vecadd.h"

static inline void row(const mote_vecadd_s8 *p, const int8_t *a, const int8_t *b, int8_t *output, int32_t single) {
  const int32_t a_step = p->a_strides[4] * 4;
  const int32_t b_step = p->b_strides[4] * 4;
  const uint32x4_t a_at = mote_mve_steps(p->a_strides[4]);
  const uint32x4_t b_at = mote_mve_steps(p->b_strides[4]);
  /* In registers: stores to the output could be to the parameters, for all the compiler knows. */
  const int32_t a_zero = p->a_zero_point;
  const int32_t b_zero = p->b_zero_point;
  const mote_mve_scaling a_scale = mote_mve_scaling_of(p->a_left, p->a_multiplier, p->a_right);
  const mote_mve_scaling b_scale = mote_mve_scaling_of(p->b_left, p->b_multiplier, p->b_right);
  const mote_mve_scaling o = mote_mve_scaling_of(p->output_left, p->output_multiplier, p->output_right);
  const int32_t sign = p->subtract ? -1 : 1;
  const int32_t zero = p->output_zero_point;
  const int32_t min = p->output_min;
  const int32_t max = p->output_max;
  for (int32_t left = p->dims[4]; left > 0; left -= 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    int32x4_t x = vsubq_n_s32(mote_mve_load_s8(a, a_at, lanes), a_zero);
    int32x4_t y = vsubq_n_s32(mote_mve_load_s8(b, b_at, lanes), b_zero);
    x = mote_mve_factor(x, a_scale, single);
    y = mote_mve_factor(y, b_scale, single);
    x = vmlaq_n_s32(x, y, sign);
    x = mote_mve_factor(x, o, single);
    x = mote_mve_clamp(vaddq_n_s32(x, zero), min, max);
    mote_mve_store_s8(output, x, lanes);
    a += a_step;
    b += b_step;
    output += 4;
  }
}

void mote_vecadd_s8__mve(const mote_vecadd_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int8_t *const first = p->a_constant ? p->a_constant : a;
  const int8_t *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    if (p->rounding == MOTE_ROUNDING_SINGLE) row(p, first + ia, second + ib, output, 1);
    else row(p, first + ia, second + ib, output, 0);
    output += p->dims[4];
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
