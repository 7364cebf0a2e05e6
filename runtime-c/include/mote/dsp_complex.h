/* SPDX-License-Identifier: Apache-2.0 */
/* Complex numbers of two int16 in a word, real part below, by DSP instructions: the arithmetic of mote_rfft_s16__ref. */
#ifndef MOTE_DSP_COMPLEX_H
#define MOTE_DSP_COMPLEX_H

#include <stdint.h>

/* One instruction of two words. */
#define MOTE_DSP_PAIRWISE(name, instruction)                                  \
  static inline uint32_t name(uint32_t a, uint32_t b) {                       \
    uint32_t out;                                                             \
    __asm__(instruction " %0, %1, %2" : "=r"(out) : "r"(a), "r"(b));          \
    return out;                                                               \
  }

MOTE_DSP_PAIRWISE(mote_dsp_plus, "sadd16")
MOTE_DSP_PAIRWISE(mote_dsp_minus, "ssub16")
MOTE_DSP_PAIRWISE(mote_dsp_minus_i, "ssax") /* a - i b */
MOTE_DSP_PAIRWISE(mote_dsp_plus_i, "sasx")  /* a + i b */
MOTE_DSP_PAIRWISE(mote_dsp_half_plus, "shadd16")
MOTE_DSP_PAIRWISE(mote_dsp_half_minus, "shsub16")

/* At any address of an int16. */
static inline uint32_t mote_dsp_complex(const int16_t *x) {
  uint32_t word;
  __builtin_memcpy(&word, x, 4);
  return word;
}

static inline void mote_dsp_put_complex(int16_t *x, uint32_t word) {
  __builtin_memcpy(x, &word, 4);
}

/* The real part of one, the imaginary part of another. */
static inline uint32_t mote_dsp_parts(uint32_t re, uint32_t im) {
  return (re & 0xFFFFu) | (im & 0xFFFF0000u);
}

/* (x * factor + 2^15) / 2^16, both parts; factor below 2^15. */
static inline uint32_t mote_dsp_divided(uint32_t x, int32_t factor) {
  int32_t re, im;
  uint32_t out;
  __asm__("smlabb %0, %1, %2, %3" : "=r"(re) : "r"(x), "r"(factor), "r"(1 << 15));
  __asm__("smlatb %0, %1, %2, %3" : "=r"(im) : "r"(x), "r"(factor), "r"(1 << 15));
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(out) : "r"(im), "r"(re));
  return out;
}

/* The same with a factor of 32 bits, twice as large. */
static inline uint32_t mote_dsp_scaled(uint32_t x, int32_t factor) {
  int32_t re, im;
  uint32_t out;
  __asm__("smlawb %0, %1, %2, %3" : "=r"(re) : "r"(factor), "r"(x), "r"(1));
  __asm__("smlawt %0, %1, %2, %3" : "=r"(im) : "r"(factor), "r"(x), "r"(1));
  __asm__("pkhbt %0, %1, %2, lsl #15" : "=r"(out) : "r"(re >> 1), "r"(im));
  return out;
}

/* The product with a number in Q15, rounded. */
static inline uint32_t mote_dsp_turned(uint32_t x, uint32_t turn) {
  int32_t re, im;
  uint32_t out;
  __asm__("smlsd %0, %1, %2, %3" : "=r"(re) : "r"(x), "r"(turn), "r"(1 << 14));
  __asm__("smladx %0, %1, %2, %3" : "=r"(im) : "r"(x), "r"(turn), "r"(1 << 14));
  __asm__("pkhbt %0, %1, %2, lsl #1" : "=r"(out) : "r"(re >> 15), "r"(im));
  return out;
}

/* Magnitudes of both parts, without sign. */
static inline uint32_t mote_dsp_magnitudes(uint32_t x) {
  uint32_t out;
  __asm__("ssub16 %0, %2, %1\n\tsel %0, %0, %1" : "=&r"(out) : "r"(x), "r"(0) : "cc");
  return out;
}

#endif
