/* SPDX-License-Identifier: Apache-2.0 */
/* int8 average pooling for the DSP extension: four channels at a time; the last four may repeat some. */
#include "mote/averagepool2d.h"
#include "mote/dsp_pool.h"
#include "mote/requantize.h"
#include "mote/window.h"

/* Four channels of one output pixel; `extra` is what padding adds to each sum. */
static void four(const mote_averagepool2d_s8 *p, const int8_t *x, int8_t *output, int32_t rows, int32_t columns,
                 int32_t divisor, int32_t extra) {
  mote_dsp_sums sums = {0, 0};
  for (int32_t i = 0; i < rows; i++) {
    sums = mote_dsp_add_pixels(sums, x, p->channels, columns);
    x += p->in_w * p->channels;
  }
  const int32_t half = divisor / 2;
  for (int32_t c = 0; c < 4; c++) {
    int32_t sum = mote_dsp_sum_of(sums, c) + extra;
    sum += sum > 0 ? half : -half;
    output[c] = (int8_t)mote_clamp(sum / divisor, p->output_min, p->output_max);
  }
}

static void pixel(const mote_averagepool2d_s8 *p, const int8_t *first, int8_t *output, int32_t rows, int32_t columns) {
  const int32_t inside = rows * columns;
  const int32_t divisor = p->count_include_pad ? p->kernel_h * p->kernel_w : inside;
  const int32_t extra = (divisor - inside) * p->zero_point;
  if (columns == p->in_w) { /* whole rows follow each other */
    columns = inside;
    rows = 1;
  }
  for (int32_t c = 0; c < p->channels; c += 4) {
    const int32_t at = c + 4 <= p->channels ? c : p->channels - 4;
    four(p, first + at, output + at, rows, columns, divisor, extra);
  }
}

void mote_averagepool2d_s8__dsp(const mote_averagepool2d_s8 *p, const int8_t *input, int8_t *output) {
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
