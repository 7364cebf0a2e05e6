/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of four neighbouring int8 channels over pixels (DSP extension). */
#ifndef MOTE_DSP_POOL_H
#define MOTE_DSP_POOL_H

#include <stdint.h>

#include "mote/dsp_word.h"

/* Sums of channels 0 and 2, and of 1 and 3, as two int16 each: at most 256 pixels fit. */
typedef struct {
  uint32_t even, odd;
} mote_dsp_sums;

/* Adds `count` >= 1 pixels that lie `step` bytes apart. */
static inline mote_dsp_sums mote_dsp_add_pixels(mote_dsp_sums s, const int8_t *x, int32_t step, int32_t count) {
  uint32_t four, other;
  if (count & 1) {
    four = mote_dsp_load4(x);
    x += step;
    __asm__("sxtab16 %0, %0, %1" : "+r"(s.even) : "r"(four));
    __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(s.odd) : "r"(four));
  }
  if (count < 2) return s;
  const int8_t *const end = x + (count & ~1) * step;
  const int32_t two = 2 * step;
  __asm__ volatile(
      "1:\n\t"
      "ldr %[other], [%[x], %[step]]\n\t"
      "ldr %[four], [%[x]]\n\t"
      "add %[x], %[x], %[two]\n\t"
      "sxtab16 %[even], %[even], %[four]\n\t"
      "sxtab16 %[odd], %[odd], %[four], ror #8\n\t"
      "sxtab16 %[even], %[even], %[other]\n\t"
      "sxtab16 %[odd], %[odd], %[other], ror #8\n\t"
      "cmp %[x], %[end]\n\t"
      "bne 1b\n\t"
      : [x] "+&r"(x), [even] "+&r"(s.even), [odd] "+&r"(s.odd), [four] "=&r"(four), [other] "=&r"(other)
      : [step] "r"(step), [two] "r"(two), [end] "r"(end)
      : "cc", "memory");
  return s;
}

/* Sum of channel c of the four. */
static inline int32_t mote_dsp_sum_of(mote_dsp_sums s, int32_t c) {
  const uint32_t both = c & 1 ? s.odd : s.even;
  return (int16_t)(c & 2 ? both >> 16 : both);
}

#endif
