/* SPDX-License-Identifier: Apache-2.0 */
/* int8 max pooling on Helium, 16 channels at a time. */
#include <arm_mve.h>

#include "mote/maxpool2d.h"
#include "mote/window.h"

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_maxpool2d_s8 *p, const int8_t *first, int8_t *output, int32_t rows, int32_t columns) {
  const int32_t x_step = p->dilation_w * p->channels;
  const int32_t y_step = p->dilation_h * p->in_w * p->channels;
  for (int32_t c = 0; c < p->channels; c += 16) {
    const mve_pred16_t lanes = vctp8q((uint32_t)(p->channels - c));
    const int8_t *row = first + c;
    int8x16_t max = vdupq_n_s8((int8_t)p->output_min);
    for (int32_t i = 0; i < rows; i++) {
      const int8_t *x = row;
      for (int32_t j = 0; j < columns; j++) {
        max = vmaxq_s8(max, vldrbq_z_s8(x, lanes));
        x += x_step;
      }
      row += y_step;
    }
    vstrbq_p_s8(output + c, vminq_s8(max, vdupq_n_s8((int8_t)p->output_max)), lanes);
  }
}

void mote_maxpool2d_s8__mve(const mote_maxpool2d_s8 *p, const int8_t *input, int8_t *output) {
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
