/* SPDX-License-Identifier: Apache-2.0 */
/* Magnitudes of int32 bins, exact to 16 bits. */
#include "mote/spectrum.h"
#include "mote/wordroot.h"

static int32_t magnitude(int64_t re, int64_t im) {
  const uint64_t square = (uint64_t)(re * re) + (uint64_t)(im * im);
  const uint32_t high = (uint32_t)(square >> 32);
  uint32_t rest = (uint32_t)square;
  if (high == 0u) return (int32_t)mote_word_root(&rest);
  const int32_t down = 32 - mote_root_shift(high);
  rest = (uint32_t)(square >> down);
  return (int32_t)(mote_word_root(&rest) << (down / 2));
}

void mote_spectrum_s32s32__ref(const mote_spectrum_s32s32 *p, const int32_t *input, int32_t *output) {
  for (int32_t f = 0; f < p->frames; f++) {
    output[0] = input[1];
    for (int32_t k = 1; k < p->from; k++) output[k] = 0;
    for (int32_t k = p->from; k < p->to; k++) output[k] = magnitude(input[2 * k], input[2 * k + 1]);
    for (int32_t k = p->to; k < p->bins; k++) output[k] = 0;
    input += 2 * p->bins;
    output += p->bins;
  }
}
