/* SPDX-License-Identifier: Apache-2.0 */
/* Requantization of one sum that comes times 16 (dsp_block.h: multiplier, rounding, shift), for kernels in C. */
#ifndef MOTE_DSP_FINISH_H
#define MOTE_DSP_FINISH_H

#include <stdint.h>

enum { MOTE_DSP_FINISH_TFLITE = 1 };

static inline int8_t mote_dsp_finish(int32_t sum, const int32_t *k, int32_t mode) {
  int32_t high;
  if (mode == MOTE_DSP_FINISH_TFLITE) {
    const int32_t doubled = sum >> 3;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(high) : "r"(doubled), "r"(k[0]), "r"(k[1] + (doubled >> 31)));
  } else {
    __asm__("smmla %0, %1, %2, %3" : "=r"(high) : "r"(sum), "r"(k[0]), "r"(k[1]));
  }
  __asm__("ssat %0, #8, %1" : "=r"(high) : "r"(high >> k[2]) : "cc");
  return (int8_t)high;
}

#endif
