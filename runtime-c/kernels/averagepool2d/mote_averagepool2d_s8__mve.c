/* SPDX-License-Identifier: Apache-2.0 */
/* int8 average pooling on Helium: eight channels at a time are summed in 16 bits. */
#include <arm_mve.h>

#include "mote/averagepool2d.h"
#include "mote/requantize.h"
#include "mote/window.h"

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_averagepool2d_s8 *p, const int8_t *first, int8_t *output, int32_t rows, int32_t columns) {
  const int32_t divisor = p->count_include_pad ? p->kernel_h * p->kernel_w : rows * columns;
  const int32_t padding = (divisor - rows * columns) * p->zero_point;
  const int32_t row_step = (p->in_w - columns) * p->channels;
  for (int32_t c = 0; c < p->channels; c += 8) {
    const mve_pred16_t lanes = vctp16q((uint32_t)(p->channels - c));
    const int8_t *x = first + c;
    int16x8_t sums = vdupq_n_s16((int16_t)padding);
    for (int32_t i = 0; i < rows; i++) {
      for (int32_t j = 0; j < columns; j++) {
        sums = vaddq_s16(sums, vldrbq_z_s16(x, lanes));
        x += p->channels;
      }
      x += row_step;
    }
    int16_t sum_of[8];
    vst1q_s16(sum_of, sums);
    for (int32_t i = 0; i < 8 && c + i < p->channels; i++) {
      const int32_t sum = sum_of[i] + (sum_of[i] > 0 ? divisor / 2 : -(divisor / 2));
      output[c + i] = (int8_t)mote_clamp(sum / divisor, p->output_min, p->output_max);
    }
  }
}

void mote_averagepool2d_s8__mve(const mote_averagepool2d_s8 *p, const int8_t *input, int8_t *output) {
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
