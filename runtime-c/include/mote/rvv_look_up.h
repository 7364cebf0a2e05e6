/* SPDX-License-Identifier: Apache-2.0 */
/* int8 tables on RVV. */
#ifndef MOTE_RVV_LOOK_UP_H
#define MOTE_RVV_LOOK_UP_H

#include <riscv_vector.h>
#include <stdint.h>

/* Looks up (copies where there is no table) count elements; gives the end of the output. */
static inline int8_t *mote_rvv_look_up(int8_t *output, const int8_t *input, int32_t count, const int8_t *table) {
  size_t vl;
  for (size_t left = (size_t)count; left > 0; left -= vl) {
    vl = __riscv_vsetvl_e8m8(left);
    vuint8m8_t x = __riscv_vle8_v_u8m8((const uint8_t *)input, vl);
    if (table) x = __riscv_vluxei8_v_u8m8((const uint8_t *)table, x, vl);
    __riscv_vse8_v_u8m8((uint8_t *)output, x, vl);
    input += vl;
    output += vl;
  }
  return output;
}

#endif
