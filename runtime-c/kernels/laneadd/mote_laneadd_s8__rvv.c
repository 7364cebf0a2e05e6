/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b, elements in lanes; the arithmetic of rvv_rescale.h with one multiplier for all. */
#include <riscv_vector.h>

#include "mote/laneadd.h"
#include "mote/requantize.h"

/* tflite: all but the rounding shift, which the caller does; single: the high word of the product. */
static inline vint32m8_t scale(vint32m8_t x, int32_t multiplier, int32_t right, int32_t rounding, size_t vl) {
  if (rounding == MOTE_ROUNDING_SINGLE) return __riscv_vmulh_vx_i32m8(x, multiplier, vl);
  x = __riscv_vsmul_vx_i32m8(x, multiplier, __RISCV_VXRM_RNU, vl);
  if (right == 0) return x;
  return __riscv_vadd_vx_i32m8_mu(__riscv_vmslt_vx_i32m8_b4(x, 0, vl), x, x, -1, vl);
}

static inline vint32m8_t load(const int8_t *from, int32_t zero_point, int32_t left, size_t vl) {
  const vint16m4_t h = __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(from, vl), vl);
  return __riscv_vsll_vx_i32m8(__riscv_vwsub_vx_i32m8(h, (int16_t)zero_point, vl), (size_t)left, vl);
}

void mote_laneadd_s8__rvv(const mote_laneadd_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  size_t vl;
  for (size_t left = (size_t)p->count; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e32m8(left);
    vint32m8_t x = scale(load(a, p->a_zero_point, p->a_left, vl), p->a_multiplier, p->a_right, p->rounding, vl);
    vint32m8_t y = scale(load(b, p->b_zero_point, p->b_left, vl), p->b_multiplier, p->b_right, p->rounding, vl);
    x = __riscv_vssra_vx_i32m8(x, (size_t)p->a_right, __RISCV_VXRM_RNU, vl);
    y = __riscv_vssra_vx_i32m8(y, (size_t)p->b_right, __RISCV_VXRM_RNU, vl);
    x = scale(__riscv_vadd_vv_i32m8(x, y, vl), p->output_multiplier, p->output_right, p->rounding, vl);
    vint16m4_t h = __riscv_vnclip_wx_i16m4(x, (size_t)p->output_right, __RISCV_VXRM_RNU, vl);
    h = __riscv_vsadd_vx_i16m4(h, (int16_t)p->output_zero_point, vl);
    vint8m2_t q = __riscv_vnclip_wx_i8m2(h, 0, __RISCV_VXRM_RNU, vl);
    q = __riscv_vmax_vx_i8m2(q, (int8_t)p->output_min, vl);
    q = __riscv_vmin_vx_i8m2(q, (int8_t)p->output_max, vl);
    __riscv_vse8_v_i8m2(output, q, vl);
    a += vl;
    b += vl;
    output += vl;
  }
}
