/* SPDX-License-Identifier: Apache-2.0 */
/* Output channels of a group in lanes, over the taps inside the image, read where they are. */
#include "mote/lanegroups.h"
#include "mote/rvv_rescale.h"
#include "mote/window.h"

typedef struct {
  const int8_t *x, *w; /* of the first tap inside, of the group's first channels */
  int32_t rows, columns;
} taps;

/* Channels c .. c + vl of a group, added to acc. */
static inline vint32m8_t sums(const mote_lanegroups_s8s8 *p, const taps *t, int32_t c, size_t vl, vint32m8_t acc) {
  const int32_t zero = p->input_zero_point;
  const int32_t x_step = p->dilation_w * p->in_c - p->group_depth;
  const int32_t y_step = p->dilation_h * p->in_w * p->in_c;
  const int32_t w_step = p->kernel_w * p->group_depth * p->group_out;
  const int8_t *row = t->x;
  const int8_t *w_row = t->w + c;
  for (int32_t i = 0; i < t->rows; i++) {
    const int8_t *x = row;
    const int8_t *w = w_row;
    for (int32_t j = 0; j < t->columns; j++) {
      for (int32_t k = 0; k < p->group_depth; k++) {
        const vint16m4_t v = __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(w, vl), vl);
        acc = __riscv_vwmacc_vx_i32m8(acc, (int16_t)(*x++ - zero), v, vl);
        w += p->group_out;
      }
      x += x_step;
    }
    row += y_step;
    w_row += w_step;
  }
  return acc;
}

/* All channels of a pixel. */
static void pixel(const mote_lanegroups_s8s8 *p, const mote_rvv_rescale *r, taps t, int8_t *output) {
  for (int32_t first = 0; first < p->out_c; first += p->group_out) {
    size_t vl;
    for (int32_t c = 0; c < p->group_out; c += (int32_t)vl) {
      vl = __riscv_vsetvl_e32m8((size_t)(p->group_out - c));
      const vint32m8_t bias = __riscv_vle32_v_i32m8(p->bias + first + c, vl);
      mote_rvv_put1(r, first + c, vl, sums(p, &t, c, vl, bias), output + first + c);
    }
    t.x += p->group_depth;
    t.w += p->kernel_h * p->kernel_w * p->group_depth * p->group_out;
  }
}

void mote_lanegroups_s8s8__rvv(const mote_lanegroups_s8s8 *p, const int8_t *input, int8_t *output) {
  const mote_rvv_rescale r = {p->bias, p->multiplier, p->shift, p->pre_shift, p->zero_shifts,
                              p->output_zero_point, p->output_min, p->output_max, p->rounding};
  for (int32_t y = 0; y < p->out_h; y++) {
    const int32_t y0 = y * p->stride_h - p->pad_top;
    const mote_range ky = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
    for (int32_t x = 0; x < p->out_w; x++) {
      const int32_t x0 = x * p->stride_w - p->pad_left;
      const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
      const int32_t top = y0 + ky.begin * p->dilation_h;
      const int32_t left = x0 + kx.begin * p->dilation_w;
      const taps t = {input + (top * p->in_w + left) * p->in_c,
                      p->weights + (ky.begin * p->kernel_w + kx.begin) * p->group_depth * p->group_out,
                      ky.end - ky.begin, kx.end - kx.begin};
      pixel(p, &r, t, output);
      output += p->out_c;
    }
  }
}
