/* SPDX-License-Identifier: Apache-2.0 */
/* float32 resizing by weighted sums. */
#include "mote/resizefilter.h"

/* Channel c of a row of the input, at output column x. */
static float line(const mote_resizefilter_f32 *p, const float *row, int32_t x, int32_t c) {
  float sum = 0.0f;
  for (int32_t at = x * p->column_taps; at < (x + 1) * p->column_taps; at++)
    sum += p->column_weights[at] * row[p->columns[at] * p->channels + c];
  return sum;
}

void mote_resizefilter_f32__ref(const mote_resizefilter_f32 *p, const float *input, float *output) {
  for (int32_t y = 0; y < p->out_h; y++) {
    for (int32_t x = 0; x < p->out_w; x++) {
      for (int32_t c = 0; c < p->channels; c++) {
        float sum = 0.0f;
        for (int32_t at = y * p->row_taps; at < (y + 1) * p->row_taps; at++)
          sum += p->row_weights[at] * line(p, input + p->rows[at] * p->in_w * p->channels, x, c);
        *output++ = sum;
      }
    }
  }
}
