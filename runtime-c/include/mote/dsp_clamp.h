/* SPDX-License-Identifier: Apache-2.0 */
/* Clamps int8 elements in place, four at a time (DSP extension). */
#ifndef MOTE_DSP_CLAMP_H
#define MOTE_DSP_CLAMP_H

#include <stdint.h>

#include "mote/dsp_word.h"

/* The larger of a and b in each signed byte. */
static inline uint32_t mote_dsp_max4(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
  return r;
}

/* The smaller of a and b in each signed byte. */
static inline uint32_t mote_dsp_min4(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(r) : "r"(a), "r"(b) : "cc");
  return r;
}

/* No work where the bounds are those of int8. */
static inline void mote_dsp_clamp(int8_t *data, int32_t count, int32_t min, int32_t max) {
  if (min <= -128 && max >= 127) return;
  const uint32_t low = (uint32_t)(uint8_t)min * 0x01010101u;
  const uint32_t high = (uint32_t)(uint8_t)max * 0x01010101u;
  int32_t i = 0;
#pragma GCC unroll 1
  for (; i + 4 <= count; i += 4) {
    mote_dsp_store4(data + i, mote_dsp_min4(mote_dsp_max4(mote_dsp_load4(data + i), low), high));
  }
#pragma GCC unroll 1
  for (; i < count; i++) {
    const int32_t one = data[i];
    data[i] = (int8_t)(one < min ? min : one > max ? max : one);
  }
}

#endif
