/* SPDX-License-Identifier: Apache-2.0 */
/* Activation functions of one float32; twins of src/ops/activations.ts. */
#ifndef MOTE_ACTIVATIONS_H
#define MOTE_ACTIVATIONS_H

#include "mote/floatmath.h"

/* log(1 + e^x) */
static inline float mote_softplusf(float x) {
  if (x != x) return x;
  return (x > 0.0f ? x : 0.0f) + mote_log1pf(mote_expf(-mote_absf(x)));
}

/* With the error function: x Phi(x), from the side on which nothing cancels. */
static inline float mote_geluf(float x) {
  return 0.5f * x * (x < 0.0f ? mote_erfcf(-x * 0.707106781f) : 1.0f + mote_erff(x * 0.707106781f));
}

/* The approximation 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), as x times the logistic function. */
static inline float mote_gelutanhf(float x) {
  return x * mote_logisticf(1.59576912f * (x + 0.044715f * (x * x * x)));
}

static inline float mote_siluf(float x) {
  return x * mote_logisticf(x);
}

/* x tanh(log(1 + e^x)) = x n / (n + 2) with n = e^x (e^x + 2) */
static inline float mote_mishf(float x) {
  if (x > 20.0f) return x;
  const float e = mote_expf(x);
  const float n = e * (e + 2.0f);
  return x * (n / (n + 2.0f));
}

#endif
