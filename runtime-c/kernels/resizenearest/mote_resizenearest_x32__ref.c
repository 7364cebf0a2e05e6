/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest pixels of 32-bit elements. */
#include "mote/resizenearest.h"

void mote_resizenearest_x32__ref(const mote_resizenearest_x32 *p, const void *input, void *output) {
  uint32_t *out = (uint32_t *)output;
  for (int32_t y = 0; y < p->out_h; y++) {
    const uint32_t *const row = (const uint32_t *)input + p->rows[y] * p->in_w * p->channels;
    for (int32_t x = 0; x < p->out_w; x++) {
      const uint32_t *const from = row + p->columns[x] * p->channels;
      for (int32_t c = 0; c < p->channels; c++) *out++ = from[c];
    }
  }
}
