/* SPDX-License-Identifier: Apache-2.0 */
/* Strided copy of 8-bit elements, the innermost dimension in lanes. */
#include <riscv_vector.h>

#include "mote/stridedcopy.h"

static int8_t *row(int8_t *out, const int8_t *from, int32_t count, int32_t stride) {
  size_t vl;
  for (size_t left = (size_t)count; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e8m8(left);
    const vint8m8_t x =
        stride == 1 ? __riscv_vle8_v_i8m8(from, vl) : __riscv_vlse8_v_i8m8(from, stride, vl);
    __riscv_vse8_v_i8m8(out, x, vl);
    from += (int32_t)vl * stride;
    out += vl;
  }
  return out;
}

void mote_stridedcopy_x8__rvv(const mote_stridedcopy_x8 *p, const void *input, void *output) {
  int32_t index[4] = {0, 0, 0, 0};
  const int8_t *from = (const int8_t *)input + p->offset;
  int8_t *out = (int8_t *)output;
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
