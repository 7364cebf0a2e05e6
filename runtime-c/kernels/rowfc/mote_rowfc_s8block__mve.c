/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer on Helium. Weights: the blocks that are kept, with their places (rowfc.h). */
#include "mote/mve_rowfc.h"

/* Where the inputs of a unit are. */
typedef struct {
  uint32x4_t order; /* of the place of each four lanes among those of the unit */
  uint32x4_t added; /* to twice a place, where blocks are of 8 */
} unit_lanes;

static inline uint32x4_t unit_places(const uint8_t *places, uint32x4_t order, int32_t place_bits) {
  if (place_bits == 8) return vldrbq_gather_offset_u32(places, order);
  const uint32x4_t low = vshlq_n_u32(order, 1);
  return vorrq_u32(vldrbq_gather_offset_u32(places, low), vshlq_n_u32(vldrbq_gather_offset_u32(places + 1, low), 8));
}

static inline __attribute__((always_inline)) int8x16_t unit_inputs(const int8_t *x, const uint8_t *places,
                                                                   const unit_lanes *lanes, int32_t width,
                                                                   int32_t place_bits) {
  if (width == 16) return vldrbq_s8(x + 16 * (place_bits == 8 ? places[0] : places[0] | (places[1] << 8)));
  uint32x4_t at = unit_places(places, lanes->order, place_bits);
  if (width == 8) at = vaddq_u32(vaddq_u32(at, at), lanes->added);
  return vreinterpretq_s8_s32(vldrwq_gather_shifted_offset_s32((const int32_t *)(const void *)x, at));
}

/* Always with constants for the bits of codes and places, the width of blocks and whether they have scales. */
static inline __attribute__((always_inline)) int32_t sum_units(const int8_t *x, mote_mve_channel *at, int32_t bits,
                                                               int32_t width, int32_t place_bits, int32_t scaled) {
  static const uint8_t pairs[4] = {0, 0, 1, 1};
  const int32_t step = (16 / width) * (place_bits / 8);
  const unit_lanes lanes = {width == 8 ? vldrbq_u32(pairs) : vidupq_n_u32(0, 1),
                            vandq_u32(vidupq_n_u32(0, 1), vdupq_n_u32(1))};
  const uint8_t *places = at->places;
  const uint8_t *scales = at->scales;
  const int8_t *w = at->codes;
  int32_t sum = 0;
  for (int32_t rows = bits == 8 ? *at->counts : *at->counts / 2; rows > 0; rows--, w += 16) {
    const int8x16_t row = vldrbq_s8(w);
#pragma GCC unroll 2
    for (int32_t i = 0; i < 8 / bits; i++, places += step) {
      const int8x16_t weights = bits == 8 ? row : i == 0 ? mote_mve_low_codes(row) : mote_mve_high_codes(row);
      const int8x16_t inputs = unit_inputs(x, places, &lanes, width, place_bits);
      if (scaled) {
        sum += vmladavq_s8(inputs, weights) * *scales++;
      } else {
        sum = vmladavaq_s8(sum, inputs, weights);
      }
    }
  }
  at->counts++;
  at->codes = w;
  at->places = places;
  at->scales = scales;
  return sum;
}

static inline __attribute__((always_inline)) int32_t sum_blocks(const mote_rowfc *p, const int8_t *x,
                                                                mote_mve_channel *at, int32_t width,
                                                                int32_t scaled) {
  if (p->place_bits == 8) {
    return p->bits == 8 ? sum_units(x, at, 8, width, 8, scaled) : sum_units(x, at, 4, width, 8, scaled);
  }
  return p->bits == 8 ? sum_units(x, at, 8, width, 16, scaled) : sum_units(x, at, 4, width, 16, scaled);
}

static int32_t channel_sum(const mote_rowfc *p, const int8_t *x, mote_mve_channel *at) {
  if (p->width == 16) return p->scales ? sum_blocks(p, x, at, 16, 1) : sum_blocks(p, x, at, 16, 0);
  return p->width == 8 ? sum_blocks(p, x, at, 8, 0) : sum_blocks(p, x, at, 4, 0);
}

void mote_rowfc_s8block__mve(const mote_rowfc_s8block *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_rowfc(p, input, output, scratch, channel_sum);
}
