/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of 64 bits of words without sign. */
#include "mote/filterbank.h"
#include "mote/wordroot.h"

static uint32_t rounded(uint64_t sum, int32_t shift) {
  if (shift > 0) sum = (sum + ((uint64_t)1 << (shift - 1))) >> shift;
  return (sum >> 32) != 0u ? UINT32_MAX : (uint32_t)sum;
}

void mote_filterbank_s32__ref(const mote_filterbank_s32 *p, const int32_t *input, int32_t *output) {
  for (int32_t f = 0; f < p->frames; f++) {
    const int16_t *weights = p->weights;
    const int32_t exponent = input[0] & 31;
    for (int32_t c = 0; c < p->channels; c++) {
      const int32_t *bins = input + p->starts[c];
      const int32_t width = p->widths[c];
      uint64_t sum = 0;
      for (int32_t i = 0; i < width; i++) sum += (uint64_t)(uint32_t)bins[i] * (uint16_t)weights[i];
      weights += width;
      output[c] = (int32_t)(p->root ? mote_nearest_root(sum) >> exponent : rounded(sum, p->shift));
    }
    input += p->bins;
    output += p->channels;
  }
}
