/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of signs by signs, plain C: int8 outputs. */
#include "mote/binary_window.h"
#include "mote/binaryconv2d.h"
#include "mote/requantize.h"

void mote_binaryconv2d_b1s8__ref(const mote_binaryconv2d_b1s8 *p, const int32_t *input, int8_t *output) {
  mote_binary_window v = MOTE_BINARY_WINDOW(p);
  const int32_t filter = p->kernel_h * p->kernel_w * p->words;
  for (int32_t y = 0; y < p->out_h; y++) {
    v.rows = mote_window_range(v.y0, p->dilation_h, p->kernel_h, p->in_h);
    v.x0 = -p->pad_left;
    for (int32_t x = 0; x < p->out_w; x++) {
      const int32_t *w = p->weights;
      v.columns = mote_window_range(v.x0, p->dilation_w, p->kernel_w, p->in_w);
      for (int32_t c = 0; c < p->out_c; c++) {
        const int32_t value = p->bias[c] + p->multiplier[c] * mote_binary_distance(&v, input, w);
        *output++ = (int8_t)mote_clamp(value >> p->shift, p->output_min, p->output_max);
        w += filter;
      }
      v.x0 += p->stride_w;
    }
    v.y0 += p->stride_h;
  }
}
