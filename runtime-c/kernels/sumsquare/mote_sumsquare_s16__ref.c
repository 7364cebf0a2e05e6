/* SPDX-License-Identifier: Apache-2.0 */
/* int16 sumSquare, plain C. */
#include "mote/requantize.h"
#include "mote/sumsquare.h"

static int64_t sum_of(const mote_sumsquare_s16 *p, const int16_t *input) {
  int64_t sum = 0;
  for (int32_t i = 0; i < p->reduced_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduced_dims[1]; j++) {
      const int16_t *from = input + i * p->reduced_strides[0] + j * p->reduced_strides[1];
      for (int32_t k = 0; k < p->reduced_dims[2]; k++) {
        const int32_t x = from[k * p->reduced_strides[2]];
        sum += x * x;
      }
    }
  }
  return sum;
}

void mote_sumsquare_s16__ref(const mote_sumsquare_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->kept_dims[0]; i++) {
    for (int32_t j = 0; j < p->kept_dims[1]; j++) {
      const int16_t *from = input + i * p->kept_strides[0] + j * p->kept_strides[1];
      for (int32_t k = 0; k < p->kept_dims[2]; k++) {
        const int64_t sum = sum_of(p, from + k * p->kept_strides[2]);
        *output++ = (int16_t)mote_clamp(mote_requantize64(sum, p->multiplier, p->shift), -32768, 32767);
      }
    }
  }
}
