/* SPDX-License-Identifier: Apache-2.0 */
/* What the dynamicFullyConnected kernels for DSP instructions share: products of two int16 pairs, added up. */
#ifndef MOTE_DSP_DYNAMIC_H
#define MOTE_DSP_DYNAMIC_H

#include <stdint.h>

static inline int32_t mote_dsp_smlad(uint32_t a, uint32_t b, int32_t sum) {
  int32_t out;
  __asm__("smlad %0, %1, %2, %3" : "=r"(out) : "r"(a), "r"(b), "r"(sum));
  return out;
}

static inline uint32_t mote_dsp_even(uint32_t four) {
  uint32_t out;
  __asm__("sxtb16 %0, %1" : "=r"(out) : "r"(four));
  return out;
}

static inline uint32_t mote_dsp_odd(uint32_t four) {
  uint32_t out;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(out) : "r"(four));
  return out;
}

#endif
