/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of 64 bits, rounded once. */
#include "mote/dct.h"
#include "mote/requantize.h"

static int32_t dropped(int64_t sum) {
  const int64_t most = (int64_t)1 << 30;
  sum = (sum + (1 << 14)) >> 15;
  if (sum > most) return (int32_t)most;
  return sum < -most ? (int32_t)-most : (int32_t)sum;
}

void mote_dct_s32__ref(const mote_dct_s32 *p, const int32_t *input, int8_t *output) {
  for (int32_t f = 0; f < p->frames; f++) {
    const int16_t *weights = p->weights;
    for (int32_t k = 0; k < p->coefficients; k++) {
      int64_t sum = 0;
      for (int32_t c = 0; c < p->channels; c++) sum += (int64_t)input[c] * weights[c];
      weights += p->channels;
      *output++ = (int8_t)mote_requantize_to(dropped(sum), p->multiplier, p->shift, MOTE_ROUNDING_SINGLE,
                                             p->zero_point, INT8_MIN, INT8_MAX);
    }
    input += p->channels;
  }
}
