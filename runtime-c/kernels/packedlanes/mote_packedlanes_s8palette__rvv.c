/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, output channels in lanes. Weights: indices into a table for all channels or one for each. */
#include "mote/rvv_packed.h"

static void decode(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w) {
  const int16_t *const end = w + k->count * (int32_t)k->vl;
  const int8_t *const table = p->table + k->channel * p->table_step;
  const vuint16m4_t own = __riscv_vmul_vx_u16m4(__riscv_vid_v_u16m4(k->vl), (uint16_t)p->table_step, k->vl);
  const uint16_t mask = (uint16_t)((1 << p->bits) - 1);
  mote_rvv_codes(p, k, p->bits, w);
  for (; w < end; w += k->vl) {
    const vuint16m4_t code = __riscv_vreinterpret_v_i16m4_u16m4(__riscv_vle16_v_i16m4(w, k->vl));
    const vuint16m4_t at = __riscv_vadd_vv_u16m4(__riscv_vand_vx_u16m4(code, mask, k->vl), own, k->vl);
    const vint8m2_t v = __riscv_vluxei16_v_i8m2(table, at, k->vl);
    __riscv_vse16_v_i16m4(w, __riscv_vsext_vf2_i16m4(v, k->vl), k->vl);
  }
}

void mote_packedlanes_s8palette__rvv(const mote_packedlanes_s8palette *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_rvv_packed(p, input, output, scratch, decode);
}
