/* SPDX-License-Identifier: Apache-2.0 */
/* Square roots of words. */
#ifndef MOTE_WORDROOT_H
#define MOTE_WORDROOT_H

#include <stdint.h>

/* floor(sqrt(x)), bit by bit; what it leaves of x stays there. */
static inline uint32_t mote_word_root(uint32_t *x) {
  uint32_t root = 0;
  uint32_t bit = (uint32_t)1 << 30;
  while (bit > *x) bit >>= 2;
  for (; bit != 0u; bit >>= 2) {
    if (*x >= root + bit) {
      *x -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return root;
}

/* By how much 2^32 and above is shifted to the left for the upper two of its bits not both to be 0; even. */
static inline int32_t mote_root_shift(uint32_t high) {
  int32_t shift = 0;
  for (int32_t step = 16; step > 1; step >>= 1) {
    if ((high >> (32 - step)) == 0u) {
      high <<= step;
      shift += step;
    }
  }
  return shift;
}

/* The same of 2^32 and above: the root of the upper half, then 16 more bits at once by a division (P. Zimmermann, Karatsuba
 * Square Root, INRIA RR-3805), which are one too many at most. */
static inline uint32_t mote_long_root(uint64_t *x) {
  const int32_t shift = mote_root_shift((uint32_t)(*x >> 32));
  const uint64_t shifted = *x << shift;
  uint32_t rest = (uint32_t)(shifted >> 32);
  const uint32_t upper = mote_word_root(&rest);
  const uint32_t low = (uint32_t)shifted;
  const uint32_t half = (rest << 15) | (low >> 17);
  const uint32_t lower = half / upper;
  const uint64_t left = ((uint64_t)(half - lower * upper) << 17) | (low & 0x1FFFFu);
  uint64_t root = ((uint64_t)upper << 16) + lower;
  if (left < (uint64_t)lower * lower) root--;
  root >>= shift / 2;
  *x -= root * root;
  return (uint32_t)root;
}

/* To the nearest, but never to 2^16 or 2^32: as tflite-micro's Sqrt64. */
static inline uint32_t mote_nearest_root(uint64_t x) {
  if ((x >> 32) == 0u) {
    uint32_t rest = (uint32_t)x;
    const uint32_t root = mote_word_root(&rest);
    return root + (rest > root && root != 0xFFFFu ? 1u : 0u);
  }
  const uint32_t root = mote_long_root(&x);
  return root + (x > root && root != 0xFFFFFFFFu ? 1u : 0u);
}

#endif
