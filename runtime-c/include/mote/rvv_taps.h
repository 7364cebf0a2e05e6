/* SPDX-License-Identifier: Apache-2.0 */
/* The decoding of packedtaps.h on RVV. */
#ifndef MOTE_RVV_TAPS_H
#define MOTE_RVV_TAPS_H

#include <riscv_vector.h>

#include "mote/packedtaps.h"

/* Bits from .. from + bits of each byte. */
static inline vuint8m4_t mote_rvv_field(vuint8m4_t row, size_t from, size_t bits, size_t vl) {
  return __riscv_vsrl_vx_u8m4(__riscv_vsll_vx_u8m4(row, 8 - bits - from, vl), 8 - bits, vl);
}

/* The code of a tap, unsigned; `codes` is the first row's byte of the first lane. */
static inline vuint8m4_t mote_rvv_tap(const uint8_t *codes, int32_t row_bytes, int32_t bits, int32_t tap, size_t vl) {
  if (bits == 3) {
    const uint8_t *rows = codes + (tap >> 3) * 3 * row_bytes;
    const vuint8m4_t low = __riscv_vle8_v_u8m4(rows + ((tap >> 2) & 1) * row_bytes, vl);
    const vuint8m4_t top = __riscv_vle8_v_u8m4(rows + 2 * row_bytes, vl);
    const vuint8m4_t high = __riscv_vsll_vx_u8m4(mote_rvv_field(top, (size_t)tap & 7, 1, vl), 2, vl);
    return __riscv_vor_vv_u8m4(high, mote_rvv_field(low, 2 * ((size_t)tap & 3), 2, vl), vl);
  }
  if (bits == 6) {
    const uint8_t *rows = codes + (tap >> 2) * 3 * row_bytes;
    const vuint8m4_t top = __riscv_vle8_v_u8m4(rows + ((tap >> 1) & 1) * row_bytes, vl);
    const vuint8m4_t low = __riscv_vle8_v_u8m4(rows + 2 * row_bytes, vl);
    const vuint8m4_t high = __riscv_vsll_vx_u8m4(mote_rvv_field(top, 4 * ((size_t)tap & 1), 4, vl), 2, vl);
    return __riscv_vor_vv_u8m4(high, mote_rvv_field(low, 2 * ((size_t)tap & 3), 2, vl), vl);
  }
  const int32_t at = tap * bits;
  const vuint8m4_t row = __riscv_vle8_v_u8m4(codes + (at >> 3) * row_bytes, vl);
  return mote_rvv_field(row, (size_t)at & 7, (size_t)bits, vl);
}

/* Weights of lanes from `c` on, [tap][channel]. */
static inline void mote_rvv_taps_of(const mote_packedtaps_s8int_lanes *p, int32_t c, size_t vl, int8_t *weights) {
  const int32_t taps = p->kernel_h * p->kernel_w;
  const size_t bits = (size_t)p->bits;
  const int8_t *const table = p->table + c * p->table_step;
  const vuint8m4_t lane = __riscv_vid_v_u8m4(vl);
  const vuint16m8_t own = __riscv_vwmulu_vx_u16m8(lane, (uint8_t)p->table_step, vl);
  const uint8_t *scales = p->scales + c;
  int32_t left = 0;
  vint8m4_t scale = __riscv_vmv_v_x_i8m4(1, vl);
  for (int32_t t = 0; t < taps; t++, weights += p->channels) {
    const vuint8m4_t code = mote_rvv_tap(p->codes + c, p->channels, p->bits, t, vl);
    vint8m4_t w;
    if (p->table) {
      w = __riscv_vluxei16_v_i8m4(table, __riscv_vwaddu_wv_u16m8(own, code, vl), vl);
    } else {
      w = __riscv_vsra_vx_i8m4(__riscv_vsll_vx_i8m4(__riscv_vreinterpret_v_u8m4_i8m4(code), 8 - bits, vl), 8 - bits, vl);
    }
    if (p->scales) {
      if (left == 0) {
        scale = __riscv_vle8_v_i8m4((const int8_t *)scales, vl);
        scales += p->channels;
        left = p->group;
      }
      left--;
      w = __riscv_vmul_vv_i8m4(w, scale, vl);
    }
    __riscv_vse8_v_i8m4(weights, w, vl);
  }
}

static inline void mote_rvv_taps(const mote_packedtaps_s8int_lanes *p, int8_t *weights) {
  /* Indices of up to 256 lanes fit a byte. */
  for (int32_t c = 0; c < p->channels;) {
    const int32_t left = p->channels - c;
    const size_t vl = __riscv_vsetvl_e8m4((size_t)(left < 256 ? left : 256));
    mote_rvv_taps_of(p, c, vl, weights + c);
    c += (int32_t)vl;
  }
}

#endif
