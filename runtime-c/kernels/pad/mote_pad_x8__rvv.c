/* SPDX-License-Identifier: Apache-2.0 */
/* Constant padding of 8-bit elements, elements in lanes. */
#include <riscv_vector.h>

#include "mote/pad.h"

static int8_t *fill(int8_t *out, int32_t count, int8_t value) {
  size_t vl;
  for (size_t left = (size_t)count; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e8m8(left);
    __riscv_vse8_v_i8m8(out, __riscv_vmv_v_x_i8m8(value, vl), vl);
    out += vl;
  }
  return out;
}

static int8_t *copy(int8_t *out, const int8_t *from, int32_t count) {
  size_t vl;
  for (size_t left = (size_t)count; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e8m8(left);
    __riscv_vse8_v_i8m8(out, __riscv_vle8_v_i8m8(from, vl), vl);
    out += vl;
    from += vl;
  }
  return out;
}

void mote_pad_x8__rvv(const mote_pad_x8 *p, const void *input, void *output) {
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
