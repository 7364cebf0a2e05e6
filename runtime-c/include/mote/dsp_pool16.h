/* SPDX-License-Identifier: Apache-2.0 */
/* Two neighbouring int16 channels at a time for DSP instructions: one word, at any address of an int16. */
#ifndef MOTE_DSP_POOL16_H
#define MOTE_DSP_POOL16_H

#include <stdint.h>

typedef struct {
  int32_t low, high;
} mote_dsp16_sums;

static inline uint32_t mote_dsp16_load(const int16_t *x) {
  uint32_t word;
  __builtin_memcpy(&word, x, 4);
  return word;
}

static inline void mote_dsp16_store(int16_t *x, uint32_t word) {
  __builtin_memcpy(x, &word, 4);
}

/* Adds `count` pixels that lie `step` elements apart. */
static inline mote_dsp16_sums mote_dsp16_add_pixels(mote_dsp16_sums s, const int16_t *x, int32_t step, int32_t count) {
#pragma GCC unroll 4
  for (int32_t i = 0; i < count; i++) {
    const uint32_t two = mote_dsp16_load(x);
    s.low += (int16_t)two;
    s.high += (int32_t)two >> 16;
    x += step;
  }
  return s;
}

/* The larger of a and b in each signed half. */
static inline uint32_t mote_dsp16_max2(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("ssub16 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
  return r;
}

/* The smaller of a and b in each signed half. */
static inline uint32_t mote_dsp16_min2(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("ssub16 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(r) : "r"(a), "r"(b) : "cc");
  return r;
}

#endif
