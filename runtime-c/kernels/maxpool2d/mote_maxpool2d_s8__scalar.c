/* SPDX-License-Identifier: Apache-2.0 */
/* int8 max pooling for cores without SIMD: four channels at a time. */
#include "mote/maxpool2d.h"
#include "mote/requantize.h"
#include "mote/window.h"

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_maxpool2d_s8 *p, const int8_t *first, int8_t *output, int32_t rows, int32_t columns) {
  const int32_t step = p->dilation_w * p->channels;
  const int32_t next_row = p->dilation_h * p->in_w * p->channels - columns * step;
  int32_t left = p->channels;
  for (; left >= 4; left -= 4) {
    const int8_t *x = first;
    int32_t m0 = x[0], m1 = x[1], m2 = x[2], m3 = x[3];
    for (int32_t i = rows; i > 0; i--) {
      for (int32_t j = columns; j > 0; j--) {
        if (x[0] > m0) m0 = x[0];
        if (x[1] > m1) m1 = x[1];
        if (x[2] > m2) m2 = x[2];
        if (x[3] > m3) m3 = x[3];
        x += step;
      }
      x += next_row;
    }
    output[0] = (int8_t)mote_clamp(m0, p->output_min, p->output_max);
    output[1] = (int8_t)mote_clamp(m1, p->output_min, p->output_max);
    output[2] = (int8_t)mote_clamp(m2, p->output_min, p->output_max);
    output[3] = (int8_t)mote_clamp(m3, p->output_min, p->output_max);
    output += 4;
    first += 4;
  }
  for (; left > 0; left--) {
    const int8_t *x = first;
    int32_t max = *first++;
    for (int32_t i = rows; i > 0; i--) {
      for (int32_t j = columns; j > 0; j--) {
        if (*x > max) max = *x;
        x += step;
      }
      x += next_row;
    }
    *output++ = (int8_t)mote_clamp(max, p->output_min, p->output_max);
  }
}

void mote_maxpool2d_s8__scalar(const mote_maxpool2d_s8 *p, const int8_t *input, int8_t *output) {
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
