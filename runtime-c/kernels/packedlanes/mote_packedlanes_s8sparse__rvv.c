/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, output channels in lanes. Weights: n of each m columns, as codes and places. */
#include "mote/rvv_packed.h"

/* A unit of codes of 1, 2, 3, 4, 6 or 8 bits, as two's complement. */
static inline vint16m4_t unit_at(const uint8_t *codes, int32_t row_bytes, int32_t bits, int32_t unit, size_t vl) {
  if (bits == 3) {
    const uint8_t *row = codes + (unit >> 3) * 3 * row_bytes;
    const vint16m4_t high = mote_rvv_bits(mote_rvv_row(row + 2 * row_bytes, vl), (size_t)unit & 7, 1, vl);
    const vint16m4_t low = mote_rvv_row(row + ((unit >> 2) & 1) * row_bytes, vl);
    const vint16m4_t two = __riscv_vand_vx_i16m4(__riscv_vsra_vx_i16m4(low, (size_t)(2 * (unit & 3)), vl), 3, vl);
    return __riscv_vor_vv_i16m4(two, __riscv_vsll_vx_i16m4(high, 2, vl), vl);
  }
  if (bits == 6) {
    const uint8_t *row = codes + (unit >> 2) * 3 * row_bytes;
    const vint16m4_t low = mote_rvv_row(row + 2 * row_bytes, vl);
    const vint16m4_t two = __riscv_vand_vx_i16m4(__riscv_vsra_vx_i16m4(low, (size_t)(2 * (unit & 3)), vl), 3, vl);
    const vint16m4_t four = mote_rvv_row(row + ((unit >> 1) & 1) * row_bytes, vl);
    const vint16m4_t high = mote_rvv_bits(four, (size_t)(4 * (unit & 1)), 4, vl);
    return __riscv_vor_vv_i16m4(two, __riscv_vsll_vx_i16m4(high, 2, vl), vl);
  }
  const int32_t at = unit * bits;
  return mote_rvv_bits(mote_rvv_row(codes + (at >> 3) * row_bytes, vl), (size_t)at & 7, (size_t)bits, vl);
}

static void decode(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w) {
  const int32_t m = 1 << p->sparse_shift;
  const int32_t groups = (k->count + m - 1) >> p->sparse_shift;
  const int32_t lanes = (int32_t)k->vl;
  const vint16m4_t zero = __riscv_vmv_v_x_i16m4(0, k->vl);
  for (int32_t i = 0; i < groups * m; i++) __riscv_vse16_v_i16m4(w + i * lanes, zero, k->vl);
  const vint16m4_t own = __riscv_vreinterpret_v_u16m4_i16m4(__riscv_vid_v_u16m4(k->vl));
  int32_t unit = (k->column >> p->sparse_shift) * p->sparse_n;
  for (int32_t group = 0; group < groups; group++, w += m * lanes) {
    for (int32_t i = 0; i < p->sparse_n; i++, unit++) {
      const vint16m4_t v = unit_at(p->codes + k->channel, p->out_c, p->bits, unit, k->vl);
      const vint16m4_t code = unit_at(p->places + k->channel, p->out_c, p->sparse_shift, unit, k->vl);
      const vint16m4_t place = __riscv_vand_vx_i16m4(code, (int16_t)(m - 1), k->vl);
      const vint16m4_t at = __riscv_vadd_vv_i16m4(__riscv_vmul_vx_i16m4(place, (int16_t)lanes, k->vl), own, k->vl);
      const vuint16m4_t bytes = __riscv_vreinterpret_v_i16m4_u16m4(__riscv_vsll_vx_i16m4(at, 1, k->vl));
      __riscv_vsuxei16_v_i16m4(w, bytes, v, k->vl);
    }
  }
}

void mote_packedlanes_s8sparse__rvv(const mote_packedlanes_s8sparse *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_rvv_packed(p, input, output, scratch, decode);
}
