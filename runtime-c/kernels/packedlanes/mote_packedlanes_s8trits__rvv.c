/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, output channels in lanes. Weights: five to a byte, with or without scales of groups. */
#include "mote/rvv_packed.h"

/* A byte is a fraction of 256: times 3, the digit is what passes 256, and the rest is the next fraction. */
static void decode(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w) {
  const int16_t *const end = w + k->count * (int32_t)k->vl;
  const uint8_t *from = p->codes + k->column / 5 * p->out_c + k->channel;
  for (; w < end; from += p->out_c) {
    vint16m4_t v = __riscv_vand_vx_i16m4(mote_rvv_row(from, k->vl), 255, k->vl);
    for (int32_t i = 0; i < 5; i++, w += k->vl) {
      v = __riscv_vmul_vx_i16m4(v, 3, k->vl);
      const vint16m4_t digit = __riscv_vsra_vx_i16m4(v, 8, k->vl);
      __riscv_vse16_v_i16m4(w, __riscv_vadd_vx_i16m4(digit, -1, k->vl), k->vl);
      v = __riscv_vand_vx_i16m4(v, 255, k->vl);
    }
  }
}

void mote_packedlanes_s8trits__rvv(const mote_packedlanes_s8trits *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_rvv_packed(p, input, output, scratch, decode);
}
