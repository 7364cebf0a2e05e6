/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer on Helium. Weights: n of each m, whose inputs are gathered (rowfc.h). */
#include "mote/mve_rowfc.h"

/* Always with constants for the bits of codes and places. */
static inline __attribute__((always_inline)) int32_t sum_units(const mote_rowfc *p, const int8_t *x,
                                                               mote_mve_channel *at, int32_t bits,
                                                               int32_t place_bits) {
  const uint8x16_t mask = vdupq_n_u8((uint8_t)((1 << place_bits) - 1));
  const uint8x16_t runs = vmulq_n_u8(vidupq_n_u8(0, 1), (uint8_t)(1 << place_bits));
  const int8_t *w = at->codes;
  const uint8_t *places = at->places;
  const uint8_t *const end = places + 16 * (p->units / (8 / place_bits));
  const int32_t each = p->each;
  int32_t left = each;
  int32_t sum = 0;
  for (; places != end; places += 16) {
    uint8x16_t row = mote_mve_load_u8(places);
    int8x16_t pair = vdupq_n_s8(0);
#pragma GCC unroll 8
    for (int32_t i = 0; i < 8 / place_bits; i++) {
      int8x16_t weights;
      if (bits == 8 || (i & 1) == 0) {
        pair = vldrbq_s8(w);
        w += 16;
        weights = bits == 8 ? pair : mote_mve_low_codes(pair);
      } else {
        weights = mote_mve_high_codes(pair);
      }
      const uint8x16_t from = vaddq_u8(runs, vandq_u8(row, mask));
      sum = vmladavaq_s8(sum, vldrbq_gather_offset_s8(x, from), weights);
      row = vshlq_r_u8(row, -place_bits);
      if (--left == 0) {
        left = each;
        x += 16 << place_bits;
      }
    }
  }
  at->codes = w;
  at->places = places;
  return sum;
}

static int32_t channel_sum(const mote_rowfc *p, const int8_t *x, mote_mve_channel *at) {
  if (p->bits == 8) {
    if (p->place_bits == 2) return sum_units(p, x, at, 8, 2);
    return p->place_bits == 1 ? sum_units(p, x, at, 8, 1) : sum_units(p, x, at, 8, 4);
  }
  if (p->place_bits == 2) return sum_units(p, x, at, 4, 2);
  return p->place_bits == 1 ? sum_units(p, x, at, 4, 1) : sum_units(p, x, at, 4, 4);
}

void mote_rowfc_s8sparse__mve(const mote_rowfc_s8sparse *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_rowfc(p, input, output, scratch, channel_sum);
}
