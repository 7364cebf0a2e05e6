/* SPDX-License-Identifier: Apache-2.0 */
/* Constant padding of 16-bit elements on Helium. */
#include <arm_mve.h>

#include "mote/pad.h"

static int16_t *fill(int16_t *out, int32_t count, int16_t value) {
  const int16x8_t v = vdupq_n_s16(value);
  int16_t *const end = out + count;
  for (int32_t left = count; left > 0; left -= 8) {
    vstrhq_p_s16(out, v, vctp16q((uint32_t)left));
    out += 8;
  }
  return end;
}

static int16_t *copy(int16_t *out, const int16_t *from, int32_t count) {
  int16_t *const end = out + count;
  for (int32_t left = count; left > 0; left -= 8) {
    const mve_pred16_t lanes = vctp16q((uint32_t)left);
    vstrhq_p_s16(out, vldrhq_z_s16(from, lanes), lanes);
    out += 8;
    from += 8;
  }
  return end;
}

void mote_pad_x16__mve(const mote_pad_x16 *p, const void *input, void *output) {
  int32_t index[4] = {0, 0, 0, 0};
  const int16_t value = (int16_t)p->value;
  const int16_t *x = (const int16_t *)input;
  int16_t *out = (int16_t *)output;
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
