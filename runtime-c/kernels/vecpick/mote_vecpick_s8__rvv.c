/* SPDX-License-Identifier: Apache-2.0 */
/* The larger or smaller of two int8, elements in lanes. */
#include "mote/broadcast.h"
#include "mote/rvv_vector.h"
#include "mote/vecpick.h"

static inline vint8m8_t load(const int8_t *from, int32_t step, size_t vl) {
  return step ? __riscv_vle8_v_i8m8(from, vl) : __riscv_vmv_v_x_i8m8(*from, vl);
}

static inline void row(const mote_vecpick_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  size_t vl;
  for (size_t left = (size_t)p->dims[4]; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e8m8(left);
    const vint8m8_t x = load(a, a_step, vl);
    const vint8m8_t y = load(b, b_step, vl);
    __riscv_vse8_v_i8m8(output, p->largest ? __riscv_vmax_vv_i8m8(x, y, vl) : __riscv_vmin_vv_i8m8(x, y, vl), vl);
    a += a_step ? vl : 0;
    b += b_step ? vl : 0;
    output += vl;
  }
}

void mote_vecpick_s8__rvv(const mote_vecpick_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
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
