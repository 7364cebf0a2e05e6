/* SPDX-License-Identifier: Apache-2.0 */
/* int16 reduceMax, plain C. */
#include "mote/reducemax.h"

static int16_t reduce(const mote_reducemax_s16 *p, const int16_t *input) {
  int16_t best = INT16_MIN;
  for (int32_t i = 0; i < p->reduced_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduced_dims[1]; j++) {
      const int16_t *from = input + i * p->reduced_strides[0] + j * p->reduced_strides[1];
      for (int32_t k = 0; k < p->reduced_dims[2]; k++) {
        const int16_t x = from[k * p->reduced_strides[2]];
        best = x > best ? x : best;
      }
    }
  }
  return best;
}

void mote_reducemax_s16__ref(const mote_reducemax_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->kept_dims[0]; i++) {
    for (int32_t j = 0; j < p->kept_dims[1]; j++) {
      const int16_t *from = input + i * p->kept_strides[0] + j * p->kept_strides[1];
      for (int32_t k = 0; k < p->kept_dims[2]; k++) *output++ = reduce(p, from + k * p->kept_strides[2]);
    }
  }
}
