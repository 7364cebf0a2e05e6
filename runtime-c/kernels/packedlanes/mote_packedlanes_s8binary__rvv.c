/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, output channels in lanes. Weights: -1 (1) or 1 (0), one bit each. */
#include "mote/rvv_packed.h"

static void decode(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w) {
  const int16_t *const end = w + k->count * (int32_t)k->vl;
  const uint8_t *from = p->codes + (k->column >> 3) * p->out_c + k->channel;
  for (; w < end; from += p->out_c) {
    const vint16m4_t row = mote_rvv_row(from, k->vl);
    for (size_t i = 0; i < 8; i++, w += k->vl)
      __riscv_vse16_v_i16m4(w, __riscv_vor_vx_i16m4(mote_rvv_bits(row, i, 1, k->vl), 1, k->vl), k->vl);
  }
}

void mote_packedlanes_s8binary__rvv(const mote_packedlanes_s8binary *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_rvv_packed(p, input, output, scratch, decode);
}
