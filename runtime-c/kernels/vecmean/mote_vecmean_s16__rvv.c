/* SPDX-License-Identifier: Apache-2.0 */
/* int16 mean, elements that are kept in lanes. */
#include "mote/rvv_vector.h"
#include "mote/vecmean.h"

static inline vint16m4_t load(const int16_t *from, int32_t step, size_t vl) {
  return step == 1 ? __riscv_vle16_v_i16m4(from, vl) : __riscv_vlse16_v_i16m4(from, step * 2, vl);
}

static inline vint32m8_t sums_of(const mote_vecmean_s16 *p, const int16_t *x, size_t vl) {
  vint32m8_t sums = __riscv_vmv_v_x_i32m8(0, vl);
  for (int32_t i = 0; i < p->reduced_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduced_dims[1]; j++) {
      const int16_t *y = x + i * p->reduced_strides[0] + j * p->reduced_strides[1];
      for (int32_t k = 0; k < p->reduced_dims[2]; k++) {
        sums = __riscv_vwadd_wv_i32m8(sums, load(y, p->kept_strides[2], vl), vl);
        y += p->reduced_strides[2];
      }
    }
  }
  return sums;
}

void mote_vecmean_s16__rvv(const mote_vecmean_s16 *p, const int16_t *input, int16_t *output) {
  const int32_t count = p->reduced_dims[0] * p->reduced_dims[1] * p->reduced_dims[2];
  const int32_t single = p->rounding == MOTE_ROUNDING_SINGLE;
  for (int32_t i = 0; i < p->kept_dims[0]; i++) {
    for (int32_t j = 0; j < p->kept_dims[1]; j++) {
      const int16_t *x = input + i * p->kept_strides[0] + j * p->kept_strides[1];
      size_t vl;
      for (int32_t k = 0; k < p->kept_dims[2]; k += (int32_t)vl) {
        vl = __riscv_vsetvl_e32m8((size_t)(p->kept_dims[2] - k));
        vint32m8_t y = sums_of(p, x + k * p->kept_strides[2], vl);
        if (p->same_scale) {
          y = __riscv_vdiv_vx_i32m8(y, count, vl);
        } else {
          y = __riscv_vsub_vx_i32m8(y, p->zero_points, vl);
          y = mote_rvv_factor(y, p->left, p->multiplier, p->right, single, vl);
          y = mote_rvv_bound(__riscv_vadd_vx_i32m8(y, p->output_zero_point, vl), -32768, 32767, vl);
        }
        mote_rvv_store_s16(output + k, y, vl);
      }
      output += p->kept_dims[2];
    }
  }
}
