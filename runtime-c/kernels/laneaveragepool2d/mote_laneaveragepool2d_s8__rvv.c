/* SPDX-License-Identifier: Apache-2.0 */
/* int8 average pooling, channels in lanes; the quotient is rounded to nearest, ties away from zero. */
#include <riscv_vector.h>

#include "mote/laneaveragepool2d.h"
#include "mote/window.h"

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_averagepool2d_s8 *p, const int8_t *first, int8_t *output, int32_t rows, int32_t columns) {
  const int32_t divisor = p->count_include_pad ? p->kernel_h * p->kernel_w : rows * columns;
  const int32_t row_rest = (p->in_w - columns) * p->channels;
  size_t vl;
  for (size_t left = (size_t)p->channels; left > 0; left -= vl) {
    const int8_t *x = first;
    vl = __riscv_vsetvl_e32m8(left);
    vint32m8_t sum = __riscv_vmv_v_x_i32m8((divisor - rows * columns) * p->zero_point, vl);
    for (int32_t i = 0; i < rows; i++) {
      for (int32_t j = 0; j < columns; j++) {
        sum = __riscv_vwadd_wv_i32m8(sum, __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(x, vl), vl), vl);
        x += p->channels;
      }
      x += row_rest;
    }
    const vbool4_t up = __riscv_vmsgt_vx_i32m8_b4(sum, 0, vl);
    const vint32m8_t low = __riscv_vsub_vx_i32m8(sum, divisor / 2, vl);
    sum = __riscv_vadd_vx_i32m8_mu(up, low, sum, divisor / 2, vl);
    sum = __riscv_vdiv_vx_i32m8(sum, divisor, vl);
    vint8m2_t q = __riscv_vncvt_x_x_w_i8m2(__riscv_vncvt_x_x_w_i16m4(sum, vl), vl);
    q = __riscv_vmax_vx_i8m2(q, (int8_t)p->output_min, vl);
    q = __riscv_vmin_vx_i8m2(q, (int8_t)p->output_max, vl);
    __riscv_vse8_v_i8m2(output, q, vl);
    first += vl;
    output += vl;
  }
}

void mote_laneaveragepool2d_s8__rvv(const mote_laneaveragepool2d_s8 *p, const int8_t *input, int8_t *output) {
  int32_t y0 = -p->pad_top;
  for (int32_t y = 0; y < p->out_h; y++) {
    const mote_range ky = mote_window_range(y0, 1, p->kernel_h, p->in_h);
    int32_t x0 = -p->pad_left;
    for (int32_t x = 0; x < p->out_w; x++) {
      const mote_range kx = mote_window_range(x0, 1, p->kernel_w, p->in_w);
      pixel(p, input + ((y0 + ky.begin) * p->in_w + x0 + kx.begin) * p->channels, output, ky.end - ky.begin,
            kx.end - kx.begin);
      output += p->channels;
      x0 += p->stride_w;
    }
    y0 += p->stride_h;
  }
}
