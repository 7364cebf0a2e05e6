/* SPDX-License-Identifier: Apache-2.0 */
/* int8 resizing by weighted sums, half rounded away from zero. */
#include "mote/resizefilter.h"

static int8_t rounded(int32_t sum, int32_t zero_point) {
  const int32_t v = (sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20) + zero_point;
  return (int8_t)(v < -128 ? -128 : v > 127 ? 127 : v);
}

/* Channel c of a row of the input, at output column x. */
static int32_t line(const mote_resizefilter_s8 *p, const int8_t *row, int32_t x, int32_t c) {
  int32_t sum = 0;
  for (int32_t at = x * p->column_taps; at < (x + 1) * p->column_taps; at++)
    sum += p->column_weights[at] * (row[p->columns[at] * p->channels + c] - p->zero_point);
  return sum;
}

void mote_resizefilter_s8__ref(const mote_resizefilter_s8 *p, const int8_t *input, int8_t *output) {
  for (int32_t y = 0; y < p->out_h; y++) {
    for (int32_t x = 0; x < p->out_w; x++) {
      for (int32_t c = 0; c < p->channels; c++) {
        int32_t sum = 0;
        for (int32_t at = y * p->row_taps; at < (y + 1) * p->row_taps; at++)
          sum += p->row_weights[at] * line(p, input + p->rows[at] * p->in_w * p->channels, x, c);
        *output++ = rounded(sum, p->zero_point);
      }
    }
  }
}
