/* SPDX-License-Identifier: Apache-2.0 */
/* int8 max pooling for the DSP extension: four channels at a time; the last four may repeat some. */
#include "mote/dsp_clamp.h"
#include "mote/maxpool2d.h"
#include "mote/window.h"

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_maxpool2d_s8 *p, const int8_t *first, int8_t *output, int32_t rows, int32_t columns) {
  const int32_t x_step = p->dilation_w * p->channels;
  const int32_t y_step = p->dilation_h * p->in_w * p->channels - columns * x_step;
  for (int32_t c = 0; c < p->channels; c += 4) {
    const int32_t at = c + 4 <= p->channels ? c : p->channels - 4;
    const int8_t *x = first + at;
    uint32_t max = mote_dsp_load4(x);
    for (int32_t i = 0; i < rows; i++) {
      for (int32_t j = 0; j < columns; j++) {
        max = mote_dsp_max4(max, mote_dsp_load4(x));
        x += x_step;
      }
      x += y_step;
    }
    mote_dsp_store4(output + at, max);
  }
}

void mote_maxpool2d_s8__dsp(const mote_maxpool2d_s8 *p, const int8_t *input, int8_t *output) {
  int8_t *const begin = output;
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
  mote_dsp_clamp(begin, p->out_h * p->out_w * p->channels, p->output_min, p->output_max);
}
