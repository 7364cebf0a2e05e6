/* SPDX-License-Identifier: Apache-2.0 */
/* One over the square root of a 64-bit integer, in integers: once per row of a norm. */
#ifndef MOTE_INTEGERROOT_H
#define MOTE_INTEGERROOT_H

#include <stdint.h>

#include "mote/wordroot.h"

/* 1 / sqrt(x) is about factor / 2^(62 - half). */
typedef struct {
  uint32_t factor;
  int32_t half;
} mote_inverse_root;

/* x is brought to at least 2^62 by an even shift, so that its root has 32 bits; 2^62 / root is worked out bit by bit, since
 * small cores have no division of 64 bits. Of 0 the factor is 0. */
static inline mote_inverse_root mote_invert_root(uint64_t x) {
  mote_inverse_root r = {0, 0};
  if (x == 0) return r;
  if ((x >> 32) == 0u) {
    x <<= 32;
    r.half = 16;
  }
  const int32_t shift = mote_root_shift((uint32_t)(x >> 32));
  x <<= shift;
  r.half += shift / 2;
  const uint32_t root = mote_long_root(&x);
  /* The first half of the bits of 2^62 is below the root. */
  uint64_t rest = (uint64_t)1 << 30;
  for (int32_t i = 0; i < 32; i++) {
    rest <<= 1;
    r.factor <<= 1;
    if (rest >= root) {
      rest -= root;
      r.factor |= 1u;
    }
  }
  return r;
}

/* d / sqrt(x) as Q1.30. */
static inline int32_t mote_times_inverse_root(int32_t d, mote_inverse_root r) {
  const int32_t total = 32 - r.half;
  return (int32_t)(((int64_t)d * (int64_t)r.factor + ((int64_t)1 << (total - 1))) >> total);
}

#endif
