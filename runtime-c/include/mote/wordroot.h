/* SPDX-License-Identifier: Apache-2.0 */
/* Square roots of words, bit by bit. */
#ifndef MOTE_WORDROOT_H
#define MOTE_WORDROOT_H

#include <stdint.h>

/* floor(sqrt(x)); what it leaves of x stays there. */
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

/* The same of 64 bits. */
static inline uint32_t mote_long_root(uint64_t *x) {
  uint64_t root = 0;
  uint64_t bit = (uint64_t)1 << 62;
  while (bit > *x) bit >>= 2;
  for (; bit != 0u; bit >>= 2) {
    if (*x >= root + bit) {
      *x -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
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
