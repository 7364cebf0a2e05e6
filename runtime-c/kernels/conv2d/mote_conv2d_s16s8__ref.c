/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 convolution, plain C: one output value at a time, over the taps inside the image. */
#include "mote/conv2d.h"
#include "mote/dot.h"
#include "mote/requantize.h"
#include "mote/window.h"

/* Sum of products of one filter with the taps inside the image, in runs that are contiguous in both. */
static int64_t inside_sum(const mote_conv2d_s16s8 *p, const int16_t *x, const int8_t *w, int32_t depth, mote_range ky,
                          mote_range kx) {
  const int joined = p->groups == 1 && p->dilation_w == 1;
  const int32_t taps = kx.end - kx.begin;
  const int32_t runs = joined ? 1 : taps;
  const int32_t length = joined ? taps * depth : depth;
  const int32_t x_step = p->dilation_w * p->in_c;
  const int32_t y_step = p->dilation_h * p->in_w * p->in_c;
  int64_t acc = 0;
  w += (ky.begin * p->kernel_w + kx.begin) * depth;
  for (int32_t i = ky.begin; i < ky.end; i++) {
    for (int32_t j = 0; j < runs; j++) acc = mote_dot_long(acc, x + j * x_step, w + j * depth, length);
    x += y_step;
    w += p->kernel_w * depth;
  }
  return acc;
}

/* All channels of one output pixel whose window starts at (y0, x0) of the image. */
static void pixel(const mote_conv2d_s16s8 *p, const int16_t *input, int16_t *output, int32_t y0, int32_t x0,
                  mote_range ky) {
  const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
  const int32_t depth = p->groups == 1 ? p->in_c : p->in_c / p->groups;
  const int32_t group_out = p->groups == 1 ? p->out_c : p->out_c / p->groups;
  /* First tap inside the image; where there is none, no tap is read. */
  const int16_t *x = input + ((y0 + ky.begin * p->dilation_h) * p->in_w + x0 + kx.begin * p->dilation_w) * p->in_c;
  const int8_t *w = p->weights;
  int32_t left_in_group = group_out;
  for (int32_t c = 0; c < p->out_c; c++) {
    int64_t acc = inside_sum(p, x, w, depth, ky, kx);
    w += p->kernel_h * p->kernel_w * depth;
    acc += p->bias[c];
    const int32_t q = c * p->requantize_step;
    const int32_t scaled = p->accumulator_bits == 64
                               ? mote_requantize64(acc, p->multiplier[q], p->shift[q])
                               : mote_requantize((int32_t)acc, p->multiplier[q], p->shift[q], p->rounding);
    output[c] = (int16_t)mote_clamp(scaled, p->output_min, p->output_max);
    if (--left_in_group == 0) {
      left_in_group = group_out;
      x += depth;
    }
  }
}

void mote_conv2d_s16s8__ref(const mote_conv2d_s16s8 *p, const int16_t *input, int16_t *output) {
  int32_t y0 = -p->pad_top;
  for (int32_t y = 0; y < p->out_h; y++) {
    const mote_range ky = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
    int32_t x0 = -p->pad_left;
    for (int32_t x = 0; x < p->out_w; x++) {
      pixel(p, input, output, y0, x0, ky);
      output += p->out_c;
      x0 += p->stride_w;
    }
    y0 += p->stride_h;
  }
}
