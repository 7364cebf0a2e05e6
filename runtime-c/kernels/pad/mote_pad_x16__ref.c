/* SPDX-License-Identifier: Apache-2.0 */
/* Constant padding of 16-bit elements. */
#include "mote/pad.h"

static int16_t *fill(int16_t *out, int32_t count, int16_t value) {
  for (int32_t i = 0; i < count; i++) *out++ = value;
  return out;
}

void mote_pad_x16__ref(const mote_pad_x16 *p, const void *input, void *output) {
  int32_t index[4] = {0, 0, 0, 0};
  const int16_t value = (int16_t)p->value;
  const int16_t *x = (const int16_t *)input;
  int16_t *out = (int16_t *)output;
  int d = 0;
  while (d >= 0) {
    int inside = 1;
    for (d = 0; d < 4; d++) inside &= index[d] >= p->before[d] && index[d] < p->before[d] + p->dims[d];
    out = fill(out, p->before[4], value);
    if (inside) {
      for (int32_t i = 0; i < p->dims[4]; i++) *out++ = *x++;
    } else {
      out = fill(out, p->dims[4], value);
    }
    out = fill(out, p->after[4], value);
    for (d = 3; d >= 0; d--) {
      if (++index[d] < p->before[d] + p->dims[d] + p->after[d]) break;
      index[d] = 0;
    }
  }
}
