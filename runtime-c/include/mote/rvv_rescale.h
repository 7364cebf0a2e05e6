/* SPDX-License-Identifier: Apache-2.0 */
/* RVV 1.0 (Zve32x): accumulators of up to VLMAX(e32, m8) channels -> int8, both roundings, exact.
 *
 * tflite: vsmul with vxrm = rnu is the saturating rounding doubling high multiply. The rounding divide by 2^s with ties
 * away from zero is vnclip (rnu) of y - (y < 0), where s > 0; the packer rejects layers with left shifts.
 * single: floor((x * m + 2^(t - 1)) / 2^t) with t >= 33 needs only the high word of the product: vmulh, then vnclip (rnu)
 * by t - 32. The packer chooses pre_shift so that t >= 33 holds for x << pre_shift, which does not overflow.
 * vnclip saturates at 16 bits, and so does the addition of the zero point: the last clamp to int8 makes both exact. */
#ifndef MOTE_RVV_RESCALE_H
#define MOTE_RVV_RESCALE_H

#include <riscv_vector.h>
#include <stdint.h>

#include "mote/requantize.h"

typedef struct {
  const int32_t *bias;       /* one per channel */
  const int32_t *multiplier; /* one per channel */
  const int16_t *shift;      /* one per channel, right: tflite s in [0, 31], single t - 32 + pre_shift in [1, 31] */
  int32_t pre_shift;         /* single: left shift of the accumulator */
  int32_t zero_shifts;       /* tflite: 1 where some channel's shift is 0 */
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_rvv_rescale;

/* The multiplication. */
static inline vint32m8_t mote_rvv_scale(vint32m8_t x, vint32m8_t multiplier, int32_t pre_shift, int32_t rounding,
                                        size_t vl) {
  if (rounding == MOTE_ROUNDING_SINGLE) {
    return __riscv_vmulh_vv_i32m8(__riscv_vsll_vx_i32m8(x, (size_t)pre_shift, vl), multiplier, vl);
  }
  return __riscv_vsmul_vv_i32m8(x, multiplier, __RISCV_VXRM_RNU, vl);
}

/* tflite: y - 1 where y is negative and shifted, so that ties are rounded away from zero. */
static inline vint32m8_t mote_rvv_ties(vint32m8_t y, vint16m4_t shift, int32_t zero_shifts, size_t vl) {
  vbool4_t low = __riscv_vmslt_vx_i32m8_b4(y, 0, vl);
  if (zero_shifts) low = __riscv_vmand_mm_b4(low, __riscv_vmsne_vx_i16m4_b4(shift, 0, vl), vl);
  return __riscv_vadd_vx_i32m8_mu(low, y, y, -1, vl);
}

/* The shift, the zero point, the clamp, the store. */
static inline void mote_rvv_put(const mote_rvv_rescale *r, vint32m8_t y, vint16m4_t shift, int8_t *output, size_t vl) {
  const vuint16m4_t right = __riscv_vreinterpret_v_i16m4_u16m4(shift);
  vint16m4_t h = __riscv_vnclip_wv_i16m4(y, right, __RISCV_VXRM_RNU, vl);
  h = __riscv_vsadd_vx_i16m4(h, (int16_t)r->output_zero_point, vl);
  vint8m2_t b = __riscv_vnclip_wx_i8m2(h, 0, __RISCV_VXRM_RNU, vl);
  b = __riscv_vmax_vx_i8m2(b, (int8_t)r->output_min, vl);
  b = __riscv_vmin_vx_i8m2(b, (int8_t)r->output_max, vl);
  __riscv_vse8_v_i8m2(output, b, vl);
}

#endif
