/* SPDX-License-Identifier: Apache-2.0 */
/* int16 average pooling for the DSP extension: two channels at a time; the last two may repeat one. */
#include "mote/averagepool2d.h"
#include "mote/dsp_pool16.h"
#include "mote/requantize.h"
#include "mote/window.h"

static int16_t mean_of(const mote_averagepool2d_s16 *p, int32_t sum, int32_t divisor) {
  const int32_t half = divisor / 2;
  sum += sum > 0 ? half : -half;
  return (int16_t)mote_clamp(sum / divisor, p->output_min, p->output_max);
}

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_averagepool2d_s16 *p, const int16_t *first, int16_t *output, int32_t rows,
                  int32_t columns) {
  const int32_t inside = rows * columns;
  const int32_t divisor = p->count_include_pad ? p->kernel_h * p->kernel_w : inside;
  const int32_t extra = (divisor - inside) * p->zero_point;
  if (columns == p->in_w) { /* whole rows follow each other */
    columns = inside;
    rows = 1;
  }
  for (int32_t c = 0; c < p->channels; c += 2) {
    const int32_t at = c + 2 <= p->channels ? c : p->channels - 2;
    const int16_t *x = first + at;
    mote_dsp16_sums sums = {extra, extra};
    for (int32_t i = 0; i < rows; i++) {
      sums = mote_dsp16_add_pixels(sums, x, p->channels, columns);
      x += p->in_w * p->channels;
    }
    output[at] = mean_of(p, sums.low, divisor);
    output[at + 1] = mean_of(p, sums.high, divisor);
  }
}

void mote_averagepool2d_s16__dsp(const mote_averagepool2d_s16 *p, const int16_t *input, int16_t *output) {
  int32_t y0 = -p->pad_top;
  for (int32_t y = 0; y < p->out_h; y++) {
    const mote_range ky = mote_window_range(y0, 1, p->kernel_h, p->in_h);
    int32_t x0 = -p->pad_left;
    for (int32_t x = 0; x < p->out_w; x++) {
      const mote_range kx = mote_window_range(x0, 1, p->kernel_w, p->in_w);
      pixel(p, input + ((y0 + ky.begin) * p->in_w + x0 + kx.begin) * p->channels, output, ky.end - ky.begin,
            kx.end - kx.begin);
      output += p->channels;
      x0 += p->stride_w;
    }
    y0 += p->stride_h;
  }
}
