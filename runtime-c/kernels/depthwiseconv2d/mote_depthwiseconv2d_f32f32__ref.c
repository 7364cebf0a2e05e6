/* SPDX-License-Identifier: Apache-2.0 */
/* float32 depthwise convolution, plain C. */
#include "mote/depthwiseconv2d.h"
#include "mote/window.h"

/* One channel, over the taps inside the image. */
static float channel(const mote_depthwiseconv2d_f32f32 *p, float acc, const float *x, const float *w, mote_range ky,
                     mote_range kx) {
  const int32_t x_step = p->dilation_w * p->in_c;
  const int32_t y_step = p->dilation_h * p->in_w * p->in_c;
  for (int32_t k = ky.begin; k < ky.end; k++) {
    const float *row = w + k * p->kernel_w;
    const float *tap = x;
    for (int32_t j = kx.begin; j < kx.end; j++) {
      acc += *tap * row[j];
      tap += x_step;
    }
    x += y_step;
  }
  return acc;
}

/* All channels of one output pixel whose window starts at (y0, x0) of the image. */
static void pixel(const mote_depthwiseconv2d_f32f32 *p, const float *input, float *output, int32_t y0, int32_t x0,
                  mote_range ky) {
  const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
  const float *x = input + ((y0 + ky.begin * p->dilation_h) * p->in_w + x0 + kx.begin * p->dilation_w) * p->in_c;
  const float *w = p->weights;
  int32_t left = p->channel_multiplier;
  for (int32_t c = 0; c < p->out_c; c++) {
    const float acc = channel(p, 0.0f, x, w, ky, kx) + p->bias[c];
    output[c] = acc < p->output_min ? p->output_min : acc > p->output_max ? p->output_max : acc;
    w += p->kernel_h * p->kernel_w;
    if (--left == 0) {
      left = p->channel_multiplier;
      x++;
    }
  }
}

void mote_depthwiseconv2d_f32f32__ref(const mote_depthwiseconv2d_f32f32 *p, const float *input, float *output) {
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
