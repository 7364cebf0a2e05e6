/* SPDX-License-Identifier: Apache-2.0 */
/* The larger or smaller of two int16, elements in lanes. */
#include "mote/broadcast.h"
#include "mote/rvv_vector.h"
#include "mote/vecpick.h"

static inline vint16m8_t load(const int16_t *from, int32_t step, size_t vl) {
  return step ? __riscv_vle16_v_i16m8(from, vl) : __riscv_vmv_v_x_i16m8(*from, vl);
}

static inline void row(const mote_vecpick_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  size_t vl;
  for (size_t left = (size_t)p->dims[4]; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e16m8(left);
    const vint16m8_t x = load(a, a_step, vl);
    const vint16m8_t y = load(b, b_step, vl);
    __riscv_vse16_v_i16m8(output, p->largest ? __riscv_vmax_vv_i16m8(x, y, vl) : __riscv_vmin_vv_i16m8(x, y, vl), vl);
    a += a_step ? vl : 0;
    b += b_step ? vl : 0;
    output += vl;
  }
}

void mote_vecpick_s16__rvv(const mote_vecpick_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
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
