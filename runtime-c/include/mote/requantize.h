/* SPDX-License-Identifier: Apache-2.0 */
/* From an accumulator's scale to a tensor's scale, in integers. The real factor is multiplier * 2^(shift - 31) with
 * multiplier in [2^30, 2^31) or 0 and shift in [-31, 30].
 *
 * Two contracts, chosen by the model, both exact on every target:
 * - MOTE_ROUNDING_TFLITE: a saturating rounding doubling high multiply, then a rounding divide by a power of two
 *   (gemmlowp; what TensorFlow Lite's reference kernels do by default);
 * - MOTE_ROUNDING_SINGLE: one 64-bit product, one rounding shift (TFLITE_SINGLE_ROUNDING).
 *
 * Right shifts of negative numbers are arithmetic and conversions to a narrower signed type wrap: implementation
 * defined in C99, and so on every compiler that mote supports. */
#ifndef MOTE_REQUANTIZE_H
#define MOTE_REQUANTIZE_H

#include <stdint.h>

enum { MOTE_ROUNDING_TFLITE = 0, MOTE_ROUNDING_SINGLE = 1 };

/* Two's complement sum: what the hardware does, without the undefined behaviour of signed overflow. */
static inline int32_t mote_wrap_add(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t mote_clamp(int32_t value, int32_t min, int32_t max) {
  if (value < min) return min;
  return value > max ? max : value;
}

/* round(a * b / 2^31), ties up; saturates the one product that does not fit. */
static inline int32_t mote_high_mul(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* round(x / 2^exponent), ties away from zero; exponent in [0, 31]. */
static inline int32_t mote_shift_round(int32_t x, int32_t exponent) {
  const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1u);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

static inline int32_t mote_requantize(int32_t x, int32_t multiplier, int32_t shift, int32_t rounding) {
  if (rounding == MOTE_ROUNDING_SINGLE) {
    const int32_t total = 31 - shift;
    return (int32_t)(((int64_t)x * multiplier + ((int64_t)1 << (total - 1))) >> total);
  }
  if (shift > 0) return mote_high_mul((int32_t)((uint32_t)x << shift), multiplier);
  return mote_shift_round(mote_high_mul(x, multiplier), -shift);
}

/* The 64-bit accumulators of 16-bit activations: |x| < 2^47, shift in [-31, 7]. The multiplier is reduced to 15 bits so
 * that the product fits; both contracts agree here, as in TensorFlow Lite. */
static inline int32_t mote_requantize64(int64_t x, int32_t multiplier, int32_t shift) {
  const int32_t reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
  const int32_t total = 15 - shift;
  return (int32_t)((x * reduced + ((int64_t)1 << (total - 1))) >> total);
}

/* Requantize, move to the output's zero point, clamp. */
static inline int32_t mote_requantize_to(int32_t x, int32_t multiplier, int32_t shift, int32_t rounding,
                                         int32_t zero_point, int32_t min, int32_t max) {
  return mote_clamp(mote_wrap_add(mote_requantize(x, multiplier, shift, rounding), zero_point), min, max);
}

#endif
