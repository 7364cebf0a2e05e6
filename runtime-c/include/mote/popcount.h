/* SPDX-License-Identifier: Apache-2.0 */
/* How many bits of a word are set. */
#ifndef MOTE_POPCOUNT_H
#define MOTE_POPCOUNT_H

#include <stdint.h>

static inline int32_t mote_popcount(uint32_t x) {
#if defined(__riscv_zbb) || defined(__wasm__)
  return __builtin_popcount(x);
#else
  /* In pairs, nibbles, bytes; the product sums the bytes in its highest. */
  x -= (x >> 1) & 0x55555555u;
  x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
  x = (x + (x >> 4)) & 0x0F0F0F0Fu;
  return (int32_t)((x * 0x01010101u) >> 24);
#endif
}

#endif
