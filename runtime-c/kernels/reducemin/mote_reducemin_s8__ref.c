/* SPDX-License-Identifier: Apache-2.0 */
/* int8 reduceMin, plain C. */
#include "mote/reducemin.h"

static int8_t reduce(const mote_reducemin_s8 *p, const int8_t *input) {
  int8_t best = INT8_MAX;
  for (int32_t i = 0; i < p->reduced_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduced_dims[1]; j++) {
      const int8_t *from = input + i * p->reduced_strides[0] + j * p->reduced_strides[1];
      for (int32_t k = 0; k < p->reduced_dims[2]; k++) {
        const int8_t x = from[k * p->reduced_strides[2]];
        best = x < best ? x : best;
      }
    }
  }
  return best;
}

void mote_reducemin_s8__ref(const mote_reducemin_s8 *p, const int8_t *input, int8_t *output) {
  for (int32_t i = 0; i < p->kept_dims[0]; i++) {
    for (int32_t j = 0; j < p->kept_dims[1]; j++) {
      const int8_t *from = input + i * p->kept_strides[0] + j * p->kept_strides[1];
      for (int32_t k = 0; k < p->kept_dims[2]; k++) *output++ = reduce(p, from + k * p->kept_strides[2]);
    }
  }
}
