/* SPDX-License-Identifier: Apache-2.0 */
/* Division of int32, defined for every pair: by 0 it gives 0, and -2^31 / -1 wraps. */
#ifndef MOTE_INTEGERMATH_H
#define MOTE_INTEGERMATH_H

#include <stdint.h>

static inline int32_t mote_divide(int32_t a, int32_t b) {
  if (b == 0) return 0;
  return b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b;
}

/* With the sign of a. */
static inline int32_t mote_modulo(int32_t a, int32_t b) {
  return b == 0 || b == -1 ? 0 : a % b;
}

static inline int32_t mote_floor_divide(int32_t a, int32_t b) {
  const int32_t rest = mote_modulo(a, b);
  return mote_divide(a, b) - (rest != 0 && (rest < 0) != (b < 0));
}

/* With the sign of b. */
static inline int32_t mote_floor_modulo(int32_t a, int32_t b) {
  const int32_t rest = mote_modulo(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

#endif
