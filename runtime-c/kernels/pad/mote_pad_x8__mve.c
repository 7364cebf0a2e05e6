/* SPDX-License-Identifier: Apache-2.0 */
/* Constant padding of 8-bit elements on Helium. */
#include <arm_mve.h>

#include "mote/pad.h"

static int8_t *fill(int8_t *out, int32_t count, int8_t value) {
  const int8x16_t v = vdupq_n_s8(value);
  int8_t *const end = out + count;
  for (int32_t left = count; left > 0; left -= 16) {
    vstrbq_p_s8(out, v, vctp8q((uint32_t)left));
    out += 16;
  }
  return end;
}

static int8_t *copy(int8_t *out, const int8_t *from, int32_t count) {
  int8_t *const end = out + count;
  for (int32_t left = count; left > 0; left -= 16) {
    const mve_pred16_t lanes = vctp8q((uint32_t)left);
    vstrbq_p_s8(out, vldrbq_z_s8(from, lanes), lanes);
    out += 16;
    from += 16;
  }
  return end;
}

void mote_pad_x8__mve(const mote_pad_x8 *p, const void *input, void *output) {
  int32_t index[4] = {0, 0, 0, 0};
  const int8_t value = (int8_t)p->value;
  const int8_t *x = (const int8_t *)input;
  int8_t *out = (int8_t *)output;
  const int32_t whole = p->before[4] + p->dims[4] + p->after[4];
  int d = 0;
  while (d >= 0) {
    int inside = 1;
    for (d = 0; d < 4; d++) inside &= index[d] >= p->before[d] && index[d] < p->before[d] + p->dims[d];
    if (inside) {
      out = fill(out, p->before[4], value);
      out = copy(out, x, p->dims[4]);
      x += p->dims[4];
      out = fill(out, p->after[4], value);
    } else {
      out = fill(out, whole, value);
    }
    for (d = 3; d >= 0; d--) {
      if (++index[d] < p->before[d] + p->dims[d] + p->after[d]) break;
      index[d] = 0;
    }
  }
}
