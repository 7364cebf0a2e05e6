/* SPDX-License-Identifier: Apache-2.0 */
/* int16 max pooling for the DSP extension: two channels at a time; the last two may repeat one. */
#include "mote/dsp_pool16.h"
#include "mote/maxpool2d.h"
#include "mote/window.h"

static uint32_t both(int32_t value) {
  return ((uint32_t)value & 0xFFFFu) | ((uint32_t)value << 16);
}

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_maxpool2d_s16 *p, const int16_t *first, int16_t *output, int32_t rows, int32_t columns) {
  const int32_t x_step = p->dilation_w * p->channels;
  const int32_t y_step = p->dilation_h * p->in_w * p->channels - columns * x_step;
  const uint32_t low = both(p->output_min);
  const uint32_t high = both(p->output_max);
  for (int32_t c = 0; c < p->channels; c += 2) {
    const int32_t at = c + 2 <= p->channels ? c : p->channels - 2;
    const int16_t *x = first + at;
    uint32_t max = low;
    for (int32_t i = 0; i < rows; i++) {
      for (int32_t j = 0; j < columns; j++) {
        max = mote_dsp16_max2(max, mote_dsp16_load(x));
        x += x_step;
      }
      x += y_step;
    }
    mote_dsp16_store(output + at, mote_dsp16_min2(max, high));
  }
}

void mote_maxpool2d_s16__dsp(const mote_maxpool2d_s16 *p, const int16_t *input, int16_t *output) {
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
