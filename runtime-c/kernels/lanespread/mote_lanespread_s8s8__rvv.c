/* SPDX-License-Identifier: Apache-2.0 */
/* Output channels in lanes, over the taps inside the image; inputs are gathered. */
#include "mote/lanespread.h"
#include "mote/rvv_rescale.h"
#include "mote/window.h"

/* Channels c .. c + vl of all pixels; channel i of them reads input channel index[i]. */
static inline void strip(const mote_lanespread_s8s8 *p, const mote_rvv_rescale *r, const int8_t *input, int8_t *output,
                         int32_t c, size_t vl) {
  const int16_t zero = (int16_t)p->input_zero_point;
  const int32_t x_step = p->dilation_w * p->in_c;
  const int32_t y_step = p->dilation_h * p->in_w * p->in_c;
  const vuint16m4_t own = __riscv_vadd_vx_u16m4(__riscv_vid_v_u16m4(vl), (uint16_t)c, vl);
  const vuint16m4_t index = __riscv_vdivu_vx_u16m4(own, (uint16_t)p->channel_multiplier, vl);
  for (int32_t y = 0; y < p->out_h; y++) {
    const int32_t y0 = y * p->stride_h - p->pad_top;
    const mote_range ky = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
    for (int32_t x = 0; x < p->out_w; x++) {
      const int32_t x0 = x * p->stride_w - p->pad_left;
      const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
      const int8_t *row = input + (y0 * p->in_w + x0) * p->in_c + ky.begin * y_step + kx.begin * x_step;
      const int8_t *w_row = p->weights + (ky.begin * p->kernel_w + kx.begin) * p->out_c + c;
      vint32m8_t acc = __riscv_vle32_v_i32m8(p->bias + c, vl);
      for (int32_t i = ky.begin; i < ky.end; i++) {
        const int8_t *from = row;
        const int8_t *w = w_row;
        for (int32_t j = kx.begin; j < kx.end; j++) {
          vint16m4_t v = __riscv_vsext_vf2_i16m4(__riscv_vluxei16_v_i8m2(from, index, vl), vl);
          v = __riscv_vsub_vx_i16m4(v, zero, vl);
          acc = __riscv_vwmacc_vv_i32m8(acc, v, __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(w, vl), vl), vl);
          from += x_step;
          w += p->out_c;
        }
        row += y_step;
        w_row += p->kernel_w * p->out_c;
      }
      mote_rvv_put1(r, c, vl, acc, output + (y * p->out_w + x) * p->out_c + c);
    }
  }
}

void mote_lanespread_s8s8__rvv(const mote_lanespread_s8s8 *p, const int8_t *input, int8_t *output) {
  const mote_rvv_rescale r = {p->bias, p->multiplier, p->shift, p->pre_shift, p->zero_shifts,
                              p->output_zero_point, p->output_min, p->output_max, p->rounding};
  size_t vl;
  for (int32_t c = 0; c < p->out_c; c += (int32_t)vl) {
    vl = __riscv_vsetvl_e32m8((size_t)(p->out_c - c));
    strip(p, &r, input, output, c, vl);
  }
}
