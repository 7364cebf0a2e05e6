/* SPDX-License-Identifier: Apache-2.0 */
/* int16 bilinear resizing: weights of 10 bits, as TensorFlow Lite's. */
#include "mote/resizelinear.h"

/* Adds ten bits behind the point. */
static int64_t mix(int64_t first, int64_t second, int32_t part) {
  return first * (1024 - part) + second * part;
}

static int16_t rounded(int64_t sum) {
  return (int16_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
}

void mote_resizelinear_s16__ref(const mote_resizelinear_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t y = 0; y < p->out_h; y++) {
    const int16_t *const top = input + p->rows[y] * p->in_w * p->channels;
    const int16_t *const bottom = input + p->next_rows[y] * p->in_w * p->channels;
    for (int32_t x = 0; x < p->out_w; x++) {
      const int32_t left = p->columns[x] * p->channels;
      const int32_t right = p->next_columns[x] * p->channels;
      for (int32_t c = 0; c < p->channels; c++) {
        const int64_t above = mix(top[left + c], top[right + c], p->column_weights[x]);
        const int64_t below = mix(bottom[left + c], bottom[right + c], p->column_weights[x]);
        *output++ = rounded(mix(above, below, p->row_weights[y]));
      }
    }
  }
}
