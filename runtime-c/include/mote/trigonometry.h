/* SPDX-License-Identifier: Apache-2.0 */
/* Circular and hyperbolic functions in float32; see floatmath.h. */
#ifndef MOTE_TRIGONOMETRY_H
#define MOTE_TRIGONOMETRY_H

#include "mote/floatmath.h"

/* sin(x + quarters pi/2). pi/2 in three parts, of 11 and 10 bits and the rest: exact products up to |x| of some 10^4,
 * beyond that the result wanders; beyond 2^20, where float32 itself has steps of an eighth, it is not a number. */
static inline float mote_sine(float x, int32_t quarters) {
  static const float sine[3] = {-1.95878909e-4f, 8.33274827e-3f, -0.166666647f};
  static const float cosine[3] = {2.45479421e-5f, -1.3888303e-3f, 0.0416666647f};
  if (!(mote_absf(x) <= 1048576.0f)) return MOTE_NAN;
  const int32_t n = mote_round_away(x * 0.636619747f);
  const float r = ((x - (float)n * 1.5703125f) - (float)n * 4.83751297e-4f) - (float)n * 7.54978995e-8f;
  const float z = r * r;
  const int32_t quadrant = (n + quarters) & 3;
  const float y = quadrant & 1 ? mote_polynomial(z, cosine, 3) * (z * z) + (1.0f - 0.5f * z)
                               : mote_polynomial(z, sine, 3) * (z * r) + r;
  return quadrant & 2 ? -y : y;
}

static inline float mote_sinf(float x) {
  return mote_sine(x, 0);
}

static inline float mote_cosf(float x) {
  return mote_sine(x, 1);
}

static inline float mote_tanf(float x) {
  return mote_sine(x, 0) / mote_sine(x, 1);
}

/* Brought into [0, tan(pi/8)] by the addition theorem. */
static inline float mote_atanf(float x) {
  static const float c[5] = {-0.0645192821f, 0.107437315f, -0.142639556f, 0.199995405f, -0.333333318f};
  if (x != x) return x;
  const float a = mote_absf(x);
  const float b = a > 1.0f ? 1.0f / a : a;
  const int turned = b > 0.414213562f;
  const float t = turned ? (b - 1.0f) / (b + 1.0f) : b;
  const float z = t * t;
  float y = mote_polynomial(z, c, 5) * (z * t) + t;
  if (turned) y = 0.785398163f + y;
  if (a > 1.0f) y = 1.57079633f - y;
  return x < 0.0f ? -y : y;
}

static inline float mote_asinf(float x) {
  return mote_atanf(x / mote_sqrtf((1.0f - x) * (1.0f + x)));
}

static inline float mote_acosf(float x) {
  return 2.0f * mote_atanf(mote_sqrtf((1.0f - x) / (1.0f + x)));
}

static inline float mote_sinhf(float x) {
  const float a = mote_absf(x);
  float y;
  if (a < 9.0f) {
    const float u = mote_expm1f(a);
    y = 0.5f * (u + u / (u + 1.0f));
  } else {
    const float root = mote_expf(0.5f * a);
    y = 0.5f * root * root;
  }
  return x < 0.0f ? -y : y;
}

static inline float mote_coshf(float x) {
  const float root = mote_expf(0.5f * mote_absf(x));
  return 0.5f * root * root + 0.5f / (root * root);
}

static inline float mote_asinhf(float x) {
  const float a = mote_absf(x);
  /* Beyond 2^12 the square under the root is all there is. */
  const float y = a > 4096.0f ? mote_logf(a) + 0.693147181f
                              : mote_log1pf(a + a * a / (1.0f + mote_sqrtf(a * a + 1.0f)));
  return x < 0.0f ? -y : y;
}

static inline float mote_acoshf(float x) {
  const float t = x - 1.0f;
  return x > 4096.0f ? mote_logf(x) + 0.693147181f : mote_log1pf(t + mote_sqrtf(t * (t + 2.0f)));
}

static inline float mote_atanhf(float x) {
  const float a = mote_absf(x);
  const float y = 0.5f * mote_log1pf(2.0f * a / (1.0f - a));
  return x < 0.0f ? -y : y;
}

#endif
