/* SPDX-License-Identifier: Apache-2.0 */
/* A row of int8 as pairs of int16, by DSP instructions: taps 0 and 2 of four, then 1 and 3; a shorter rest (as the packer's
 * tapPairs) is (0,-), (0,1) or (0,2), (1,-). */
#ifndef MOTE_DSP_WIDEN_H
#define MOTE_DSP_WIDEN_H

#include <stdint.h>

#include "mote/dsp_word.h"

static inline int32_t mote_dsp_two(int32_t a, int32_t b) {
  return (int32_t)(((uint32_t)a & 0xFFFFu) | ((uint32_t)b << 16));
}

/* Gives the end of the pairs. */
static inline int32_t *mote_dsp_widen_row(int32_t *x, const int8_t *row, int32_t count) {
  for (; count >= 4; count -= 4, row += 4) {
    const uint32_t four = mote_dsp_load4(row);
    __asm__("sxtb16 %0, %1" : "=r"(x[0]) : "r"(four));
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(x[1]) : "r"(four));
    x += 2;
  }
  if (count == 1) *x++ = mote_dsp_two(row[0], 0);
  if (count == 2) *x++ = mote_dsp_two(row[0], row[1]);
  if (count == 3) {
    *x++ = mote_dsp_two(row[0], row[2]);
    *x++ = mote_dsp_two(row[1], 0);
  }
  return x;
}

#endif
