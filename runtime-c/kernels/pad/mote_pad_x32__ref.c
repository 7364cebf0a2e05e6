/* SPDX-License-Identifier: Apache-2.0 */
/* Constant padding of 32-bit elements. */
#include "mote/pad.h"

static int32_t *fill(int32_t *out, int32_t count, int32_t value) {
  for (int32_t i = 0; i < count; i++) *out++ = value;
  return out;
}

void mote_pad_x32__ref(const mote_pad_x32 *p, const void *input, void *output) {
  int32_t index[4] = {0, 0, 0, 0};
  const int32_t value = (int32_t)p->value;
  const int32_t *x = (const int32_t *)input;
  int32_t *out = (int32_t *)output;
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
