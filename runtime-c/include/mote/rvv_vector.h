/* SPDX-License-Identifier: Apache-2.0 */
/* Element by element on RVV; rows of broadcast.h, a step of 0 repeats one element. Factors are as in vecadd.h. */
#ifndef MOTE_RVV_VECTOR_H
#define MOTE_RVV_VECTOR_H

#include <riscv_vector.h>
#include <stdint.h>

#include "mote/requantize.h"

static inline vint32m8_t mote_rvv_load_s8(const int8_t *from, int32_t step, size_t vl) {
  if (step == 0) return __riscv_vmv_v_x_i32m8(*from, vl);
  return __riscv_vsext_vf4_i32m8(__riscv_vle8_v_i8m2(from, vl), vl);
}

static inline vint32m8_t mote_rvv_load_s16(const int16_t *from, int32_t step, size_t vl) {
  if (step == 0) return __riscv_vmv_v_x_i32m8(*from, vl);
  return __riscv_vsext_vf2_i32m8(__riscv_vle16_v_i16m4(from, vl), vl);
}

static inline void mote_rvv_store_s16(int16_t *to, vint32m8_t x, size_t vl) {
  __riscv_vse16_v_i16m4(to, __riscv_vncvt_x_x_w_i16m4(x, vl), vl);
}

static inline void mote_rvv_store_s8(int8_t *to, vint32m8_t x, size_t vl) {
  __riscv_vse8_v_i8m2(to, __riscv_vncvt_x_x_w_i8m2(__riscv_vncvt_x_x_w_i16m4(x, vl), vl), vl);
}

/* (x << left) * multiplier, then right. */
static inline vint32m8_t mote_rvv_factor(vint32m8_t x, int32_t left, int32_t multiplier, int32_t right, int32_t single,
                                         size_t vl) {
  if (left > 0) x = __riscv_vsll_vx_i32m8(x, (size_t)left, vl);
  if (single) return __riscv_vssra_vx_i32m8(__riscv_vmulh_vx_i32m8(x, multiplier, vl), (size_t)right, __RISCV_VXRM_RNU, vl);
  x = __riscv_vsmul_vx_i32m8(x, multiplier, __RISCV_VXRM_RNU, vl);
  if (right == 0) return x;
  /* Ties away from zero: one less where negative. */
  x = __riscv_vadd_vx_i32m8_mu(__riscv_vmslt_vx_i32m8_b4(x, 0, vl), x, x, -1, vl);
  return __riscv_vssra_vx_i32m8(x, (size_t)right, __RISCV_VXRM_RNU, vl);
}

static inline vint32m8_t mote_rvv_bound(vint32m8_t x, int32_t min, int32_t max, size_t vl) {
  return __riscv_vmin_vx_i32m8(__riscv_vmax_vx_i32m8(x, min, vl), max, vl);
}

#endif
