/* SPDX-License-Identifier: Apache-2.0 */
/* int16 a * b, elements in lanes. */
#include "mote/broadcast.h"
#include "mote/rvv_vector.h"
#include "mote/vecmul.h"

static inline void row(const mote_vecmul_s16 *p, const int16_t *a, const int16_t *b, int16_t *output, int32_t single) {
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  size_t vl;
  for (size_t left = (size_t)p->dims[4]; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e32m8(left);
    vint32m8_t x = __riscv_vsub_vx_i32m8(mote_rvv_load_s16(a, a_step, vl), p->a_zero_point, vl);
    const vint32m8_t y = __riscv_vsub_vx_i32m8(mote_rvv_load_s16(b, b_step, vl), p->b_zero_point, vl);
    x = __riscv_vmul_vv_i32m8(x, y, vl);
    x = mote_rvv_factor(x, p->output_left, p->output_multiplier, p->output_right, single, vl);
    x = mote_rvv_bound(__riscv_vadd_vx_i32m8(x, p->output_zero_point, vl), p->output_min, p->output_max, vl);
    mote_rvv_store_s16(output, x, vl);
    a += a_step ? vl : 0;
    b += b_step ? vl : 0;
    output += vl;
  }
}

void mote_vecmul_s16__rvv(const mote_vecmul_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
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
