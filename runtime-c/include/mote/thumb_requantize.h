/* SPDX-License-Identifier: Apache-2.0 */
/* Requantization without a 64-bit product, for |x| < 2^28 and multipliers below 1 (shift -1 … -31), both contracts.
 *
 * x = xh * 2^16 + xl with xl in [-2^15, 2^15), multiplier = mh * 2^16 + ml with ml in [0, 2^16):
 *   floor((x * m + c * 2^16) / 2^31) = 2 * xh * mh + floor((xh * ml + xl * mh + floor(xl * ml / 2^16) + c) / 2^15)
 * and no term leaves 32 bits: xl * mh < 2^30, xh * ml < 2^28, xl * ml < 2^31.
 * tflite: c = half = 2^14 makes it the saturating rounding doubling high multiply (it cannot saturate here), and
 *         sign_mask = -1 makes ties of the rounding shift go away from zero;
 * single: c = 0, sign_mask = 0: floor((floor(x * m / 2^31) + 2^(s-1)) / 2^s) is the one rounding shift for s >= 1. */
#ifndef MOTE_THUMB_REQUANTIZE_H
#define MOTE_THUMB_REQUANTIZE_H

#include <stdint.h>

/* One output channel. */
typedef struct {
  int32_t bias;
  int32_t high, low; /* multiplier >> 16, multiplier & 0xffff */
  int32_t round;     /* 1 << (shift - 1) */
  int32_t shift;     /* right, >= 1 */
} mote_thumb_scale;

static inline int32_t mote_thumb_requantize(int32_t x, const mote_thumb_scale *s, int32_t half, int32_t sign_mask) {
  const int32_t xl = (int16_t)x;
  const int32_t xh = (x - xl) >> 16;
  const int32_t middle = xh * s->low + xl * s->high + ((xl * s->low) >> 16) + half;
  const int32_t y = 2 * xh * s->high + (middle >> 15);
  return (y + s->round + ((y >> 31) & sign_mask)) >> s->shift;
}

#endif
