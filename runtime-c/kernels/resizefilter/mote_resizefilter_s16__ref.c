/* SPDX-License-Identifier: Apache-2.0 */
/* int16 resizing by weighted sums, half rounded away from zero. */
#include "mote/resizefilter.h"

static int16_t rounded(int64_t sum) {
  const int64_t v = (sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20);
  return (int16_t)(v < -32768 ? -32768 : v > 32767 ? 32767 : v);
}

/* Channel c of a row of the input, at output column x. */
static int64_t line(const mote_resizefilter_s16 *p, const int16_t *row, int32_t x, int32_t c) {
  int64_t sum = 0;
  for (int32_t at = x * p->column_taps; at < (x + 1) * p->column_taps; at++)
    sum += (int64_t)p->column_weights[at] * row[p->columns[at] * p->channels + c];
  return sum;
}

void mote_resizefilter_s16__ref(const mote_resizefilter_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t y = 0; y < p->out_h; y++) {
    for (int32_t x = 0; x < p->out_w; x++) {
      for (int32_t c = 0; c < p->channels; c++) {
        int64_t sum = 0;
        for (int32_t at = y * p->row_taps; at < (y + 1) * p->row_taps; at++)
          sum += p->row_weights[at] * line(p, input + p->rows[at] * p->in_w * p->channels, x, c);
        *output++ = rounded(sum);
      }
    }
  }
}
