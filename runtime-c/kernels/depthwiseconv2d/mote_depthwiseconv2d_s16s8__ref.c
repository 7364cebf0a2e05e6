/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 depthwise convolution, plain C. */
#include "mote/depthwiseconv2d.h"
#include "mote/requantize.h"
#include "mote/window.h"

/* One channel, over the taps inside the image. */
static int64_t channel(const mote_depthwiseconv2d_s16s8 *p, int64_t acc, const int16_t *x, const int8_t *w,
                       mote_range ky, mote_range kx) {
  const int32_t x_step = p->dilation_w * p->in_c;
  const int32_t y_step = p->dilation_h * p->in_w * p->in_c;
  for (int32_t k = ky.begin; k < ky.end; k++) {
    const int8_t *row = w + k * p->kernel_w;
    const int16_t *tap = x;
    for (int32_t j = kx.begin; j < kx.end; j++) {
      acc += (int32_t)*tap * row[j];
      tap += x_step;
    }
    x += y_step;
  }
  return acc;
}

/* All channels of one output pixel whose window starts at (y0, x0) of the image. */
static void pixel(const mote_depthwiseconv2d_s16s8 *p, const int16_t *input, int16_t *output, int32_t y0, int32_t x0,
                  mote_range ky) {
  const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
  const int16_t *x = input + ((y0 + ky.begin * p->dilation_h) * p->in_w + x0 + kx.begin * p->dilation_w) * p->in_c;
  const int8_t *w = p->weights;
  int32_t left = p->channel_multiplier;
  for (int32_t c = 0; c < p->out_c; c++) {
    const int64_t acc = channel(p, p->bias[c], x, w, ky, kx);
    const int32_t q = c * p->requantize_step;
    const int32_t scaled = p->accumulator_bits == 64
                               ? mote_requantize64(acc, p->multiplier[q], p->shift[q])
                               : mote_requantize((int32_t)acc, p->multiplier[q], p->shift[q], p->rounding);
    output[c] = (int16_t)mote_clamp(scaled, p->output_min, p->output_max);
    w += p->kernel_h * p->kernel_w;
    if (--left == 0) {
      left = p->channel_multiplier;
      x++;
    }
  }
}

void mote_depthwiseconv2d_s16s8__ref(const mote_depthwiseconv2d_s16s8 *p, const int16_t *input, int16_t *output) {
  int32_t y0 = -p->pad_top;
  for (int32_t y = 0; y < p->out_h; y++) {
    const mote_range ky = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
    int32_t x0 = -p->pad_left;
    for (int32_t i = 0; i < p->out_w; i++) {
      pixel(p, input, output, y0, x0, ky);
      output += p->out_c;
      x0 += p->stride_w;
    }
    y0 += p->stride_h;
  }
}
