/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of signs by signs, channels in lanes: int8. */
#include "mote/binary_row_rvv.h"
#include "mote/rvv_vector.h"

static inline void row(const mote_binaryrow_b1s8 *p, const mote_binary_place *at, const int32_t *input, int8_t *output) {
  size_t vl;
  for (size_t c = 0; c < (size_t)p->out_c; c += vl) {
    vl = __riscv_vsetvl_e32m8((size_t)p->out_c - c);
    vint32m8_t x = mote_binary_distances(p, at, input, p->codes + c, vl);
    x = __riscv_vmul_vv_i32m8(x, __riscv_vle32_v_i32m8(p->multiplier + c, vl), vl);
    x = __riscv_vadd_vv_i32m8(x, __riscv_vle32_v_i32m8(p->bias + c, vl), vl);
    x = __riscv_vsra_vx_i32m8(x, (size_t)p->shift, vl);
    mote_rvv_store_s8(output + c, mote_rvv_bound(x, p->output_min, p->output_max, vl), vl);
  }
}

void mote_binaryrow_b1s8__rvv(const mote_binaryrow_b1s8 *p, const int32_t *input, int8_t *output) {
  mote_binary_place at = {-p->pad_top, 0, {0, 0}, {0, 0}};
  for (int32_t y = 0; y < p->out_h; y++) {
    at.rows = mote_window_range(at.y0, p->dilation_h, p->kernel_h, p->in_h);
    at.x0 = -p->pad_left;
    for (int32_t x = 0; x < p->out_w; x++) {
      at.columns = mote_window_range(at.x0, p->dilation_w, p->kernel_w, p->in_w);
      row(p, &at, input, output);
      output += p->out_c;
      at.x0 += p->stride_w;
    }
    at.y0 += p->stride_h;
  }
}
