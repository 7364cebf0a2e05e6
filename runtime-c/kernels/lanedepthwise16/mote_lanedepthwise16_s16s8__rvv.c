/* SPDX-License-Identifier: Apache-2.0 */
/* Output channels in lanes, over the taps inside the image; with several filters per channel, inputs are gathered. */
#include "mote/lanedepthwise16.h"
#include "mote/rvv_rescale16.h"
#include "mote/window.h"

/* A row of taps: x and w are those of the first one. `index` (bytes) is read where `gathered`. */
static inline vint32m8_t row(vint32m8_t acc, const int16_t *x, const int8_t *w, int32_t taps, int32_t x_step,
                             int32_t w_step, vuint16m4_t index, int gathered, size_t vl) {
  for (int32_t i = 0; i < taps; i++) {
    const vint16m4_t v = gathered ? __riscv_vluxei16_v_i16m4(x, index, vl) : __riscv_vle16_v_i16m4(x, vl);
    acc = __riscv_vwmacc_vv_i32m8(acc, v, __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(w, vl), vl), vl);
    x += x_step;
    w += w_step;
  }
  return acc;
}

/* Channels c .. c + vl of all pixels. */
static inline void strip(const mote_lanedepthwise16_s16s8 *p, const mote_rvv_rescale *r, const int16_t *input,
                         int16_t *output, int32_t c, size_t vl, int gathered) {
  const int32_t x_step = p->dilation_w * p->in_c;
  const int32_t y_step = p->dilation_h * p->in_w * p->in_c;
  vuint16m4_t index = __riscv_vid_v_u16m4(vl);
  if (gathered) {
    index = __riscv_vdivu_vx_u16m4(__riscv_vadd_vx_u16m4(index, (uint16_t)c, vl), (uint16_t)p->channel_multiplier, vl);
    index = __riscv_vsll_vx_u16m4(index, 1, vl);
  }
  const int16_t *const first = gathered ? input : input + c;
  for (int32_t y = 0; y < p->out_h; y++) {
    const int32_t y0 = y * p->stride_h - p->pad_top;
    const mote_range ky = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
    for (int32_t x = 0; x < p->out_w; x++) {
      const int32_t x0 = x * p->stride_w - p->pad_left;
      const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
      const int16_t *from = first + (y0 * p->in_w + x0) * p->in_c + ky.begin * y_step + kx.begin * x_step;
      const int8_t *w = p->weights + (ky.begin * p->kernel_w + kx.begin) * p->out_c + c;
      vint32m8_t acc = __riscv_vle32_v_i32m8(p->bias + c, vl);
      for (int32_t i = ky.begin; i < ky.end; i++) {
        acc = row(acc, from, w, kx.end - kx.begin, x_step, p->out_c, index, gathered, vl);
        from += y_step;
        w += p->kernel_w * p->out_c;
      }
      mote_rvv16_put1(r, c, vl, acc, output + (y * p->out_w + x) * p->out_c + c);
    }
  }
}

void mote_lanedepthwise16_s16s8__rvv(const mote_lanedepthwise16_s16s8 *p, const int16_t *input, int16_t *output) {
  const mote_rvv_rescale r = {p->bias, p->multiplier, p->shift, p->pre_shift, p->zero_shifts,
                              0, p->output_min, p->output_max, p->rounding};
  size_t vl;
  for (int32_t c = 0; c < p->out_c; c += (int32_t)vl) {
    vl = __riscv_vsetvl_e32m8((size_t)(p->out_c - c));
    if (p->channel_multiplier == 1) strip(p, &r, input, output, c, vl, 0);
    else strip(p, &r, input, output, c, vl, 1);
  }
}
