/* SPDX-License-Identifier: Apache-2.0 */
/* Change of scale, int16 to int16, elements in lanes. */
#include "mote/rvv_vector.h"
#include "mote/vecrescale.h"

void mote_vecrescale_s16s16__rvv(const mote_vecrescale_s16s16 *p, const int16_t *input, int16_t *output) {
  const int32_t single = p->rounding == MOTE_ROUNDING_SINGLE;
  size_t vl;
  for (size_t left = (size_t)p->count; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e32m8(left);
    vint32m8_t x = __riscv_vsub_vx_i32m8(mote_rvv_load_s16(input, 1, vl), p->input_zero_point, vl);
    x = mote_rvv_factor(x, p->left, p->multiplier, p->right, single, vl);
    x = mote_rvv_bound(__riscv_vadd_vx_i32m8(x, p->output_zero_point, vl), p->output_min, p->output_max, vl);
    mote_rvv_store_s16(output, x, vl);
    input += vl;
    output += vl;
  }
}
