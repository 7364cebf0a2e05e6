/* SPDX-License-Identifier: Apache-2.0 */
/* int16 average pooling, plain C; the quotient is rounded to nearest, ties away from zero. */
#include "mote/averagepool2d.h"
#include "mote/requantize.h"
#include "mote/window.h"

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_averagepool2d_s16 *p, const int16_t *first, int16_t *output, int32_t rows,
                  int32_t columns) {
  const int32_t divisor = p->count_include_pad ? p->kernel_h * p->kernel_w : rows * columns;
  for (int32_t c = 0; c < p->channels; c++) {
    int32_t sum = (divisor - rows * columns) * p->zero_point;
    const int16_t *row = first + c;
    for (int32_t i = 0; i < rows; i++) {
      const int16_t *x = row;
      for (int32_t j = 0; j < columns; j++) {
        sum += *x;
        x += p->channels;
      }
      row += p->in_w * p->channels;
    }
    sum += sum > 0 ? divisor / 2 : -(divisor / 2);
    output[c] = (int16_t)mote_clamp(sum / divisor, p->output_min, p->output_max);
  }
}

void mote_averagepool2d_s16__ref(const mote_averagepool2d_s16 *p, const int16_t *input, int16_t *output) {
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
