/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest pixels of 8-bit elements. */
#include "mote/resizenearest.h"

void mote_resizenearest_x8__ref(const mote_resizenearest_x8 *p, const void *input, void *output) {
  uint8_t *out = (uint8_t *)output;
  for (int32_t y = 0; y < p->out_h; y++) {
    const uint8_t *const row = (const uint8_t *)input + p->rows[y] * p->in_w * p->channels;
    for (int32_t x = 0; x < p->out_w; x++) {
      const uint8_t *const from = row + p->columns[x] * p->channels;
      for (int32_t c = 0; c < p->channels; c++) *out++ = from[c];
    }
  }
}
