/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed-point functions that TensorFlow Lite's int8 softmax is made of (gemmlowp's fixedpoint.h). A Qm.n number has
 * m integer bits, n = 31 - m fraction bits and a sign. They round the same under both contracts of requantize.h. */
#ifndef MOTE_FIXEDPOINT_H
#define MOTE_FIXEDPOINT_H

#include <stdint.h>

#include "mote/requantize.h"

/* x * 2^exponent, saturated; exponent in [1, 30]. */
static inline int32_t mote_shift_left_saturate(int32_t x, int32_t exponent) {
  const int32_t threshold = (int32_t)(((uint32_t)1 << (31 - exponent)) - 1u);
  if (x > threshold) return INT32_MAX;
  if (x < -threshold) return INT32_MIN;
  return (int32_t)((uint32_t)x << exponent);
}

/* exp(x) as Q0.31 for x in Q5.26, x <= 0. */
static inline int32_t mote_exp_negative_q5(int32_t x) {
  /* exp(-2^k) as Q0.31 for k = -2 ... 4. */
  static const int32_t powers[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  const int32_t quarter = 1 << 24;
  if (x == 0) return INT32_MAX;
  /* x = r - remainder with r in [-1/4, 0): a fourth-order Taylor polynomial around -1/8 for exp(r). */
  const int32_t r = (x & (quarter - 1)) - quarter;
  const int32_t t = mote_shift_left_saturate(r, 5) + (1 << 28);
  const int32_t t2 = mote_high_mul(t, t);
  const int32_t t3 = mote_high_mul(t2, t);
  const int32_t t4 = mote_high_mul(t2, t2);
  const int32_t one_third = 715827883;
  const int32_t exp_minus_one_eighth = 1895147668;
  const int32_t cubic = mote_high_mul(mote_shift_round(t4, 2) + t3, one_third);
  const int32_t high = mote_shift_round(cubic + t2, 1);
  int32_t result = exp_minus_one_eighth + mote_high_mul(exp_minus_one_eighth, t + high);
  const int32_t remainder = (int32_t)((uint32_t)r - (uint32_t)x);
  for (int32_t k = 0; k < 7; k++) {
    if (remainder & (int32_t)((uint32_t)1 << (24 + k))) result = mote_high_mul(result, powers[k]);
  }
  return result;
}

/* 1 / (1 + x) as Q0.31 for x in Q0.31, 0 <= x < 1: three Newton-Raphson steps from 48/17 - 32/17 * d. */
static inline int32_t mote_reciprocal_one_plus(int32_t x) {
  const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
  int32_t y = 1515870810 + mote_high_mul(half_denominator, -1010580540);
  for (int32_t i = 0; i < 3; i++) {
    const int32_t error = (1 << 29) - mote_high_mul(half_denominator, y);
    y += mote_shift_left_saturate(mote_high_mul(y, error), 2);
  }
  return mote_shift_left_saturate(y, 1);
}

/* Leading zero bits; x must not be 0. No builtin: Cortex-M0+ and RV32IMC have no such instruction anyway. */
static inline int32_t mote_leading_zeros(uint32_t x) {
  int32_t count = 0;
  while ((x & 0x80000000u) == 0u) {
    x <<= 1;
    count++;
  }
  return count;
}

#endif
