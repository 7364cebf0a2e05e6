/* SPDX-License-Identifier: Apache-2.0 */
/* mote_requantize for factors below 1, with what depends on the factor and the rounding alone worked out by the packer:
 * a high product and a shift, the same instructions for both contracts.
 *   v = (x * multiplier + half * 2^(bits - 1)) >> bits
 *   result = (v + round + (v < 0 ? ties : 0)) >> shift
 * `tflite` rounds the high product (half 1), then the shift with ties away from zero (ties -1, where shift > 0); `single`
 * rounds once, in the shift, or where there is none in the product. */
#ifndef MOTE_HIGHMUL_H
#define MOTE_HIGHMUL_H

#include <stdint.h>

typedef struct {
  int32_t multiplier, half, round, ties, shift;
} mote_high_factor;

static inline int32_t mote_high_shift(int32_t v, mote_high_factor f) {
  return (v + f.round + ((v >> 31) & f.ties)) >> f.shift;
}

/* Of x / 2: x was doubled on the way here, so that the high product is a high word. */
static inline int32_t mote_high_scale_doubled(int32_t x, mote_high_factor f) {
  const int64_t half = (int64_t)f.half << 31;
  return mote_high_shift((int32_t)(((int64_t)x * f.multiplier + half) >> 32), f);
}

static inline int32_t mote_high_scale(int32_t x, mote_high_factor f) {
  const int64_t half = (int64_t)f.half << 30;
  return mote_high_shift((int32_t)(((int64_t)x * f.multiplier + half) >> 31), f);
}

#endif
