/* SPDX-License-Identifier: Apache-2.0 */
/* Four bytes at any address as a word: one LDR or STR, which take any alignment on cores with the DSP extension. Not
 * memcpy by its plain name: with -ffreestanding that is a call. */
#ifndef MOTE_DSP_WORD_H
#define MOTE_DSP_WORD_H

#include <stdint.h>

static inline uint32_t mote_dsp_load4(const int8_t *x) {
  uint32_t word;
  __builtin_memcpy(&word, x, 4);
  return word;
}

static inline void mote_dsp_store4(int8_t *x, uint32_t word) {
  __builtin_memcpy(x, &word, 4);
}

#endif
