/* SPDX-License-Identifier: Apache-2.0 */
/* int16 max pooling, channels in lanes. */
#include <riscv_vector.h>

#include "mote/maxpool2d.h"
#include "mote/window.h"

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_maxpool2d_s16 *p, const int16_t *first, int16_t *output, int32_t rows, int32_t columns) {
  const int32_t x_step = p->dilation_w * p->channels;
  const int32_t y_step = p->dilation_h * p->in_w * p->channels;
  size_t vl;
  for (size_t left = (size_t)p->channels; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e16m8(left);
    const int16_t *row = first;
    vint16m8_t max = __riscv_vmv_v_x_i16m8((int16_t)p->output_min, vl);
    for (int32_t i = 0; i < rows; i++) {
      const int16_t *x = row;
      for (int32_t j = 0; j < columns; j++) {
        max = __riscv_vmax_vv_i16m8(max, __riscv_vle16_v_i16m8(x, vl), vl);
        x += x_step;
      }
      row += y_step;
    }
    __riscv_vse16_v_i16m8(output, __riscv_vmin_vx_i16m8(max, (int16_t)p->output_max, vl), vl);
    first += vl;
    output += vl;
  }
}

void mote_maxpool2d_s16__rvv(const mote_maxpool2d_s16 *p, const int16_t *input, int16_t *output) {
  int32_t y0 = -p->pad_top;
  for (int32_t y = 0; y < p->out_h; y++) {
    const mote_range ky = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
    const int32_t top = y0 + ky.begin * p->dilation_h;
    int32_t x0 = -p->pad_left;
    for (int32_t x = 0; x < p->out_w; x++) {
      const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
      const int32_t left = x0 + kx.begin * p->dilation_w;
      pixel(p, input + (top * p->in_w + left) * p->channels, output, ky.end - ky.begin, kx.end - kx.begin);
      output += p->channels;
      x0 += p->stride_w;
    }
    y0 += p->stride_h;
  }
}
