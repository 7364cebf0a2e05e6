/* SPDX-License-Identifier: Apache-2.0 */
/* RVV 1.0 (Zve32x): accumulators of 16-bit activations -> int16, zero point 0.
 *
 * Sums that the packer has shown to fit 32 bits take the steps of rvv_rescale.h and stop at 16 bits. The rescaling of
 * 64-bit accumulators by a 15-bit multiplier is `single` there, with that multiplier times 2^16: both numerator and
 * denominator are 2^16 times as large.
 *
 * Other sums are kept as high * 2^16 + low in two elements of 32 bits each, for want of wider ones. */
#ifndef MOTE_RVV_RESCALE16_H
#define MOTE_RVV_RESCALE16_H

#include "mote/rvv_rescale.h"

#define MOTE_RVV16_NARROW(a) "vnclip.wv %[" a "], %[" a "], v4\n"

/* The operands of MOTE_RVV_RESCALE but zero. */
#define MOTE_RVV16_RESCALE(each)               \
  "vsetvli zero, %[vl], e32, m8, ta, mu\n"     \
  "csrwi vxrm, 0\n"                            \
  "vle32.v v0, (%[multiplier])\n"              \
  "beqz %[rounding], 1f\n" each(MOTE_RVV_HIGH) \
  "vle16.v v4, (%[shift])\n"                   \
  "j 3f\n"                                     \
  "1:\n" each(MOTE_RVV_SMUL)                   \
  "vle16.v v4, (%[shift])\n"                   \
  "bnez %[some], 2f\n" each(MOTE_RVV_TIES)     \
  "j 3f\n"                                     \
  "2:\n"                                       \
  "vsetvli zero, zero, e16, m4, ta, mu\n"      \
  "vmsne.vi v1, v4, 0\n"                       \
  "vsetvli zero, zero, e32, m8, ta, mu\n" each(MOTE_RVV_SOME_TIES) \
  "3:\n"                                       \
  "vsetvli zero, zero, e16, m4, ta, mu\n" each(MOTE_RVV16_NARROW) each(MOTE_RVV_CLAMP)

#define MOTE_RVV16_INPUTS(r, c, vl)                                                                            \
  [rounding] "r"((r)->rounding), [pre] "r"((r)->pre_shift), [some] "r"((r)->zero_shifts),                      \
      [multiplier] "r"((r)->multiplier + (c)), [shift] "r"((r)->shift + (c)), [min] "r"((r)->output_min),      \
      [max] "r"((r)->output_max), [vl] "r"(vl)

/* One accumulator of channels c .. c + vl -> output. */
static inline void mote_rvv16_put1(const mote_rvv_rescale *r, int32_t c, size_t vl, vint32m8_t a0, int16_t *output) {
  __asm__ volatile(MOTE_RVV16_RESCALE(MOTE_RVV_ONE) "vse16.v %[a0], (%[o])\n"
                   : [a0] "+vr"(a0)
                   : [o] "r"(output), MOTE_RVV16_INPUTS(r, c, vl)
                   : MOTE_RVV_FREE);
}

/* Three accumulators of channels c .. c + vl -> three places, which may be the same for equal accumulators. */
static inline void mote_rvv16_put3(const mote_rvv_rescale *r, int32_t c, size_t vl, vint32m8_t a0, vint32m8_t a1,
                                   vint32m8_t a2, int16_t *o0, int16_t *o1, int16_t *o2) {
  __asm__ volatile(MOTE_RVV16_RESCALE(MOTE_RVV_THREE)
                   "vse16.v %[a0], (%[o0])\n"
                   "vse16.v %[a1], (%[o1])\n"
                   "vse16.v %[a2], (%[o2])\n"
                   : [a0] "+vr"(a0), [a1] "+vr"(a1), [a2] "+vr"(a2)
                   : [o0] "r"(o0), [o1] "r"(o1), [o2] "r"(o2), MOTE_RVV16_INPUTS(r, c, vl)
                   : MOTE_RVV_FREE);
}

/* A sum is high * 2^16 + low, low below 2^31 and not negative, |sum| < 2^47; these are what acc adds to the parts. */
static inline vint32m4_t mote_rvv_wide_high(vint32m4_t high, vint32m4_t acc, size_t vl) {
  return __riscv_vadd_vv_i32m4(high, __riscv_vsra_vx_i32m4(acc, 16, vl), vl);
}

static inline vint32m4_t mote_rvv_wide_low(vint32m4_t low, vint32m4_t acc, size_t vl) {
  return __riscv_vadd_vv_i32m4(low, __riscv_vand_vx_i32m4(acc, 0xFFFF, vl), vl);
}

/* mote_requantize64 with multipliers of 15 bits and right = 15 - 16 - shift in [1, 30], clamped:
 * sum * m = (high * m + low * m / 2^16) * 2^16 and bits that no floor sees, once low is below 2^16; the bracket is 64 bits
 * wide in two elements. */
static inline vint16m2_t mote_rvv_wide_requantize(vint32m4_t sum_high, vint32m4_t sum_low, const int32_t *multiplier,
                                                  const int16_t *shift, int32_t min, int32_t max, size_t vl) {
  const vint32m4_t m = __riscv_vle32_v_i32m4(multiplier, vl);
  const vuint32m4_t right = __riscv_vreinterpret_v_i32m4_u32m4(
      __riscv_vsext_vf2_i32m4(__riscv_vle16_v_i16m2(shift, vl), vl));
  const vuint32m4_t left = __riscv_vrsub_vx_u32m4(right, 32, vl);
  const vint32m4_t x = __riscv_vadd_vv_i32m4(sum_high, __riscv_vsra_vx_i32m4(sum_low, 16, vl), vl);
  vint32m4_t rest = __riscv_vmul_vv_i32m4(__riscv_vand_vx_i32m4(sum_low, 0xFFFF, vl), m, vl);
  rest = __riscv_vsra_vx_i32m4(rest, 16, vl);
  const vint32m4_t one = __riscv_vmv_v_x_i32m4(1, vl);
  rest = __riscv_vadd_vv_i32m4(rest, __riscv_vsll_vv_i32m4(one, __riscv_vsub_vx_u32m4(right, 1, vl), vl), vl);
  const vuint32m4_t add = __riscv_vreinterpret_v_i32m4_u32m4(rest);
  vuint32m4_t low = __riscv_vreinterpret_v_i32m4_u32m4(__riscv_vmul_vv_i32m4(x, m, vl));
  low = __riscv_vadd_vv_u32m4(low, add, vl);
  const vbool8_t carry = __riscv_vmsltu_vv_u32m4_b8(low, add, vl);
  vint32m4_t high = __riscv_vmulh_vv_i32m4(x, m, vl);
  high = __riscv_vadd_vx_i32m4_mu(carry, high, high, 1, vl);
  vint32m4_t y = __riscv_vsll_vv_i32m4(high, left, vl);
  y = __riscv_vor_vv_i32m4(y, __riscv_vreinterpret_v_u32m4_i32m4(__riscv_vsrl_vv_u32m4(low, right, vl)), vl);
  y = __riscv_vmin_vx_i32m4(__riscv_vmax_vx_i32m4(y, min, vl), max, vl);
  return __riscv_vncvt_x_x_w_i16m2(y, vl);
}

#endif
