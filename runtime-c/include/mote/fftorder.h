/* SPDX-License-Identifier: Apache-2.0 */
/* Order of the inputs of an FFT by four (and once by two) that is decimated in time. */
#ifndef MOTE_FFTORDER_H
#define MOTE_FFTORDER_H

#include <stdint.h>

/* Whether the first butterflies are of two: count is an odd power of two. */
static inline int32_t mote_fft_begins_by_two(uint32_t count) {
  return (count & 0xAAAAAAAAu) != 0u;
}

/* Place of the input after the one at `from`: digits are counted from the other end. */
static inline uint32_t mote_fft_next(uint32_t from, uint32_t count, int32_t by_two) {
  uint32_t stride = count;
  uint32_t bits = by_two ? 1u : 2u;
  while (stride > 1u) {
    stride >>= bits;
    const uint32_t mask = ((1u << bits) - 1u) * stride;
    const uint32_t digit = (from + stride) & mask;
    from = (from & ~mask) | digit;
    if (digit != 0u) break;
    bits = 2u;
  }
  return from;
}

#endif
