/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, output channels in lanes. Weights: whole blocks of columns that are kept or zero. */
#include "mote/rvv_packed.h"

/* Code i of the kept blocks at these bytes, 0 where there is none. */
static inline vint16m4_t code_at(const mote_packedlanes *p, vbool4_t kept, vuint32m8_t at, int32_t i, size_t vl) {
  const int32_t bit = i * p->bits;
  const uint8_t *const byte = p->codes + (bit >> 3);
  const vuint8m2_t zero = __riscv_vmv_v_x_u8m2(0, vl);
  vuint16m4_t v = __riscv_vzext_vf2_u16m4(__riscv_vluxei32_v_u8m2_mu(kept, zero, byte, at, vl), vl);
  if ((bit & 7) + p->bits > 8) {
    const vuint16m4_t next = __riscv_vzext_vf2_u16m4(__riscv_vluxei32_v_u8m2_mu(kept, zero, byte + 1, at, vl), vl);
    v = __riscv_vor_vv_u16m4(v, __riscv_vsll_vx_u16m4(next, 8, vl), vl);
  }
  return mote_rvv_bits(__riscv_vreinterpret_v_u16m4_i16m4(v), (size_t)bit & 7, (size_t)p->bits, vl);
}

/* Each lane goes through the kept blocks of its own channel. */
static void decode(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w) {
  const size_t vl = k->vl;
  const int32_t width = 1 << p->sparse_shift;
  const int32_t end = k->column + k->count;
  const uint8_t *const map = p->places + k->channel * p->place_bytes;
  vuint32m8_t next = __riscv_vzext_vf2_u32m8(__riscv_vle16_v_u16m4(p->starts + k->channel, vl), vl);
  for (int32_t column = 0; column < end; column += width) {
    const int32_t block = column >> p->sparse_shift;
    const vuint8m2_t bytes = __riscv_vlse8_v_u8m2(map + (block >> 3), p->place_bytes, vl);
    const vbool4_t kept = __riscv_vmsne_vx_u8m2_b4(__riscv_vand_vx_u8m2(bytes, (uint8_t)(1 << (block & 7)), vl), 0, vl);
    if (column >= k->column) {
      vint16m4_t scale = __riscv_vmv_v_x_i16m4(1, vl);
      if (p->scales) {
        const vuint8m2_t zero = __riscv_vmv_v_x_u8m2(0, vl);
        const vuint8m2_t less = __riscv_vluxei32_v_u8m2_mu(kept, zero, p->scales, next, vl);
        scale = __riscv_vadd_vx_i16m4(__riscv_vreinterpret_v_u16m4_i16m4(__riscv_vzext_vf2_u16m4(less, vl)), 1, vl);
      }
      const vuint32m8_t at = __riscv_vmul_vx_u32m8(next, (uint32_t)p->code_bytes, vl);
      for (int32_t i = 0; i < width; i++, w += vl)
        __riscv_vse16_v_i16m4(w, __riscv_vmul_vv_i16m4(code_at(p, kept, at, i, vl), scale, vl), vl);
    }
    next = __riscv_vadd_vx_u32m8_mu(kept, next, next, 1, vl);
  }
}

void mote_packedlanes_s8block__rvv(const mote_packedlanes_s8block *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_rvv_packed(p, input, output, scratch, decode);
}
