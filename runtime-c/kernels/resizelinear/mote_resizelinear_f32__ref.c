/* SPDX-License-Identifier: Apache-2.0 */
/* float32 bilinear resizing. */
#include "mote/resizelinear.h"

static float mix(float first, float second, float part) {
  return first + part * (second - first);
}

void mote_resizelinear_f32__ref(const mote_resizelinear_f32 *p, const float *input, float *output) {
  for (int32_t y = 0; y < p->out_h; y++) {
    const float *const top = input + p->rows[y] * p->in_w * p->channels;
    const float *const bottom = input + p->next_rows[y] * p->in_w * p->channels;
    for (int32_t x = 0; x < p->out_w; x++) {
      const int32_t left = p->columns[x] * p->channels;
      const int32_t right = p->next_columns[x] * p->channels;
      for (int32_t c = 0; c < p->channels; c++) {
        const float above = mix(top[left + c], top[right + c], p->column_weights[x]);
        const float below = mix(bottom[left + c], bottom[right + c], p->column_weights[x]);
        *output++ = mix(above, below, p->row_weights[y]);
      }
    }
  }
}
