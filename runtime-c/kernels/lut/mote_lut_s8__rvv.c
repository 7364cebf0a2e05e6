/* SPDX-License-Identifier: Apache-2.0 */
/* int8 table look-up, elements in lanes. */
#include <riscv_vector.h>

#include "mote/lut.h"

void mote_lut_s8__rvv(const mote_lut_s8 *p, const int8_t *input, int8_t *output) {
  size_t vl;
  for (size_t left = (size_t)p->count; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e8m8(left);
    const vuint8m8_t x = __riscv_vle8_v_u8m8((const uint8_t *)input, vl);
    __riscv_vse8_v_i8m8(output, __riscv_vluxei8_v_i8m8(p->table, x, vl), vl);
    input += vl;
    output += vl;
  }
}
