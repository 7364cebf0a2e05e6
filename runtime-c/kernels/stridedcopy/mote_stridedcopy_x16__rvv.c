/* SPDX-License-Identifier: Apache-2.0 */
/* Strided copy of 16-bit elements, the innermost dimension in lanes. */
#include <riscv_vector.h>

#include "mote/stridedcopy.h"

static int16_t *row(int16_t *out, const int16_t *from, int32_t count, int32_t stride) {
  size_t vl;
  for (size_t left = (size_t)count; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e16m8(left);
    const vint16m8_t x =
        stride == 1 ? __riscv_vle16_v_i16m8(from, vl) : __riscv_vlse16_v_i16m8(from, stride * 2, vl);
    __riscv_vse16_v_i16m8(out, x, vl);
    from += (int32_t)vl * stride;
    out += vl;
  }
  return out;
}

void mote_stridedcopy_x16__rvv(const mote_stridedcopy_x16 *p, const void *input, void *output) {
  int32_t index[4] = {0, 0, 0, 0};
  const int16_t *from = (const int16_t *)input + p->offset;
  int16_t *out = (int16_t *)output;
  int d = 0;
  while (d >= 0) {
    out = row(out, from, p->dims[4], p->strides[4]);
    for (d = 3; d >= 0; d--) {
      from += p->strides[d];
      if (++index[d] < p->dims[d]) break;
      from -= p->strides[d] * p->dims[d];
      index[d] = 0;
    }
  }
}
