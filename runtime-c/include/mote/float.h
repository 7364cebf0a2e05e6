/* SPDX-License-Identifier: Apache-2.0 */
/* exp, tanh and the logistic function in float32 only: no libm, no double, the same bits on every target (compile with
 * -ffp-contract=off). Errors against the exact value stay below 2 units in the last place for exp and tanh, 4 for
 * the logistic function. */
#ifndef MOTE_FLOAT_H
#define MOTE_FLOAT_H

#include <stdint.h>

#include <string.h>

static inline float mote_float_from_bits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/* 2^n for n in [-126, 127]. */
static inline float mote_power_of_two(int32_t n) {
  return mote_float_from_bits((uint32_t)(n + 127) << 23);
}

static inline float mote_expf(float x) {
  if (x != x) return x;
  if (x > 88.72283f) return mote_float_from_bits(0x7F800000u); /* infinity */
  if (x < -103.97208f) return 0.0f;
  /* x = n ln 2 + r. The high part of ln 2 has 12 zero bits at the end, so n times it is exact. */
  const int32_t n = (int32_t)(x * 1.44269504f + (x < 0.0f ? -0.5f : 0.5f));
  const float r = (x - (float)n * 0.693359375f) - (float)n * -2.12194440e-4f;
  /* Taylor up to r^7: |r| <= 0.347, remainder below 6e-9. */
  float y = 1.98412698e-4f;
  y = y * r + 1.38888889e-3f;
  y = y * r + 8.33333333e-3f;
  y = y * r + 4.16666667e-2f;
  y = y * r + 1.66666667e-1f;
  y = y * r + 0.5f;
  y = y * (r * r) + r;
  y = y + 1.0f;
  /* In two factors, because 2^n itself may not be a normal number. */
  const int32_t half = n / 2;
  return y * mote_power_of_two(half) * mote_power_of_two(n - half);
}

/* To the nearest integer, ties away from zero; saturated at +-2^30, 0 for what is not a number. */
static inline int32_t mote_round_away(float x) {
  if (x >= 1073741824.0f) return 1073741824;
  if (x <= -1073741824.0f) return -1073741824;
  if (x != x) return 0;
  const int32_t whole = (int32_t)x;
  const float rest = x - (float)whole; /* exact */
  if (rest >= 0.5f) return whole + 1;
  return rest <= -0.5f ? whole - 1 : whole;
}

static inline float mote_logisticf(float x) {
  if (x < 0.0f) {
    const float e = mote_expf(x);
    return e / (1.0f + e);
  }
  return 1.0f / (1.0f + mote_expf(-x));
}

static inline float mote_tanhf(float x) {
  const float magnitude = x < 0.0f ? -x : x;
  if (magnitude < 0.625f) {
    /* Fifth convergent of the continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ...))), as x minus a correction. */
    const float s = x * x;
    return x - x * (s * (315.0f + 14.0f * s) / (945.0f + s * (420.0f + 15.0f * s)));
  }
  if (magnitude > 9.02f) return x < 0.0f ? -1.0f : 1.0f;
  const float t = 1.0f - 2.0f / (mote_expf(2.0f * magnitude) + 1.0f);
  return x < 0.0f ? -t : t;
}

#endif
