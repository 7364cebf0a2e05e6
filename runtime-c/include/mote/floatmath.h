/* SPDX-License-Identifier: Apache-2.0 */
/* Elementary functions in float32 only, twins of src/ops/floatMath.ts: no libm, no double, the same bits on every target
 * (compile with -ffp-contract=off). Errors stay within a few units in the last place, except where it says so.
 * Coefficients: Chebyshev fits made for this file with mpmath (chebyfit); their own errors are below 2e-8. */
#ifndef MOTE_FLOATMATH_H
#define MOTE_FLOATMATH_H

#include "mote/float.h"

#define MOTE_NAN mote_float_from_bits(0x7FC00000u)
#define MOTE_INFINITY mote_float_from_bits(0x7F800000u)

static inline uint32_t mote_bits_of(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float mote_absf(float x) {
  return mote_float_from_bits(mote_bits_of(x) & 0x7FFFFFFFu);
}

/* c[0] x^(n-1) + ... + c[n-1] */
static inline float mote_polynomial(float x, const float *c, int32_t n) {
  float y = c[0];
  for (int32_t i = 1; i < n; i++) y = y * x + c[i];
  return y;
}

/* From 2^23 on every float is an integer. */
static inline float mote_truncf(float x) {
  return mote_absf(x) < 8388608.0f ? (float)(int32_t)x : x;
}

static inline float mote_floorf(float x) {
  const float t = mote_truncf(x);
  return t > x ? t - 1.0f : t;
}

static inline float mote_ceilf(float x) {
  const float t = mote_truncf(x);
  return t < x ? t + 1.0f : t;
}

/* Ties to even. */
static inline float mote_roundf(float x) {
  if (!(mote_absf(x) < 8388608.0f)) return x;
  const float low = mote_floorf(x);
  const float rest = x - low;
  const int32_t odd = (int32_t)low & 1;
  return rest > 0.5f || (rest == 0.5f && odd) ? low + 1.0f : low;
}

/* Correctly rounded, one bit at a time. */
static inline float mote_sqrtf(float x) {
  if (x == 0.0f || !(x < MOTE_INFINITY)) return x;
  if (x < 0.0f) return MOTE_NAN;
  float scale = 1.0f;
  if (x < 1.17549435e-38f) {
    x *= 16777216.0f; /* 2^24 */
    scale = 2.44140625e-4f;
  }
  const uint32_t bits = mote_bits_of(x);
  const int32_t exponent = (int32_t)(bits >> 23) - 127;
  const uint32_t mantissa = ((bits & 0x7FFFFFu) | 0x800000u) << (exponent & 1);
  uint32_t root = 0;
  uint32_t rest = 0;
  /* The root of mantissa * 2^25: 25 bits, the last one for rounding. It is never a tie. */
  for (int32_t at = 48; at >= 0; at -= 2) {
    const uint32_t pair = at >= 25 ? (mantissa >> (at - 25)) & 3u : at == 24 ? (mantissa & 1u) << 1 : 0u;
    rest = (rest << 2) | pair;
    const uint32_t trial = (root << 2) | 1u;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1u;
    }
  }
  const int32_t half = (exponent - (exponent & 1)) / 2;
  return mote_float_from_bits(((uint32_t)(half + 127) << 23) + (((root + 1u) >> 1) - 0x800000u)) * scale;
}

/* x = 2^e m with m in [sqrt(1/2), sqrt(2)]; log m = 2 artanh((m - 1) / (m + 1)) as its Taylor series. */
static inline float mote_logf(float x) {
  static const float c[4] = {0.222222222f, 0.285714286f, 0.4f, 0.666666667f};
  if (!(x > 0.0f)) return x == 0.0f ? -MOTE_INFINITY : MOTE_NAN;
  if (!(x < MOTE_INFINITY)) return x;
  int32_t e = -127;
  if (x < 1.17549435e-38f) {
    x *= 16777216.0f;
    e = -151;
  }
  const uint32_t bits = mote_bits_of(x);
  e += (int32_t)(bits >> 23);
  float m = mote_float_from_bits((bits & 0x7FFFFFu) | 0x3F800000u);
  if (m > 1.41421356f) {
    m = m * 0.5f;
    e++;
  }
  const float s = (m - 1.0f) / (m + 1.0f);
  const float z = s * s;
  const float y = s * z * mote_polynomial(z, c, 4) + 2.0f * s;
  return ((float)e * -2.12194440e-4f + y) + (float)e * 0.693359375f;
}

/* The rounding of 1 + x is made good by the last quotient (Kahan). */
static inline float mote_log1pf(float x) {
  const float u = 1.0f + x;
  if (u == 1.0f || !(u < MOTE_INFINITY)) return x;
  return mote_logf(u) * (x / (u - 1.0f));
}

static inline float mote_expm1f(float x) {
  static const float c[6] = {1.98412698e-4f, 1.38888889e-3f, 8.33333333e-3f, 4.16666667e-2f, 1.66666667e-1f, 0.5f};
  if (!(mote_absf(x) < 0.34f)) return mote_expf(x) - 1.0f;
  return mote_polynomial(x, c, 6) * (x * x) + x;
}

/* Of x >= 1: t P(t) exp(-x^2) with t = 1 / (1 + x / 2). The rounding of x^2 costs up to x^2 units in the last place. */
static inline float mote_erfc_tail(float x) {
  static const float c[8] = {0.0934273107f, -0.226053446f, 0.0821762159f, 0.0612105563f,
                             0.178692794f,  0.246985315f,  0.282036747f,  0.282098563f};
  const float t = 1.0f / (1.0f + 0.5f * x);
  return t * mote_polynomial(t, c, 8) * mote_expf(-(x * x));
}

static inline float mote_erff(float x) {
  static const float c[7] = {7.87587506e-5f, -8.01686429e-4f, 5.18908742e-3f, -0.026854212f,
                             0.112835947f,   -0.376126267f,   1.12837917f};
  const float a = mote_absf(x);
  if (a < 1.0f) return x * mote_polynomial(x * x, c, 7);
  if (x != x) return x;
  const float tail = a > 10.0f ? 0.0f : mote_erfc_tail(a);
  return x < 0.0f ? tail - 1.0f : 1.0f - tail;
}

static inline float mote_erfcf(float x) {
  if (!(x > 1.0f)) return 1.0f - mote_erff(x);
  return x > 10.0f ? 0.0f : mote_erfc_tail(x);
}

/* Powers with whole exponents up to 64 by multiplication, others as exp(y log x): the relative error of those grows with
 * |y log x|, to 2e-5 at the ends of the range. */
static inline float mote_powf(float x, float y) {
  if (y == 0.0f || x == 1.0f) return 1.0f;
  if (x != x || y != y) return MOTE_NAN;
  const float magnitude = mote_absf(y);
  const int whole = mote_truncf(y) == y;
  const int odd = whole && magnitude < 16777216.0f && ((int32_t)magnitude & 1) != 0;
  if (whole && magnitude <= 64.0f) {
    float power = 1.0f;
    for (int32_t n = (int32_t)magnitude; n > 0; n >>= 1) {
      if (n & 1) power = power * x;
      x = x * x;
    }
    return y < 0.0f ? 1.0f / power : power;
  }
  if (x == 0.0f) return y < 0.0f ? MOTE_INFINITY : 0.0f;
  if (x < 0.0f && !whole) return MOTE_NAN;
  const float power = mote_expf(y * mote_logf(mote_absf(x)));
  return x < 0.0f && odd ? -power : power;
}

/* The remainder of the division that is cut toward zero; exact, by long division of the mantissas. */
static inline float mote_fmodf(float x, float y) {
  const float ax = mote_absf(x);
  const float ay = mote_absf(y);
  if (!(ax < MOTE_INFINITY) || ay != ay || ay == 0.0f) return MOTE_NAN;
  float rest = ax;
  while (rest >= ay) {
    /* The largest ay 2^n not above rest. */
    float step = ay;
    const int32_t distance = (int32_t)(mote_bits_of(rest) >> 23) - (int32_t)(mote_bits_of(ay) >> 23);
    for (int32_t n = distance; n > 0; n -= 120) step = step * mote_power_of_two(n > 120 ? 120 : n);
    if (step > rest) step = step * 0.5f;
    rest = rest - step;
  }
  return x < 0.0f ? -rest : rest;
}

/* With the sign of y. */
static inline float mote_floor_modf(float x, float y) {
  const float rest = mote_fmodf(x, y);
  return rest != 0.0f && (rest < 0.0f) != (y < 0.0f) ? rest + y : rest;
}

#endif
