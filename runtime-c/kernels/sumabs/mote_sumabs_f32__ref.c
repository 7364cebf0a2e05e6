/* SPDX-License-Identifier: Apache-2.0 */
/* float32 sumAbs, plain C. */
#include "mote/sumabs.h"

#include "mote/floatmath.h"

static float reduce(const mote_sumabs_f32 *p, const float *input) {
  float sum = 0.0f;
  for (int32_t i = 0; i < p->reduced_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduced_dims[1]; j++) {
      const float *from = input + i * p->reduced_strides[0] + j * p->reduced_strides[1];
      for (int32_t k = 0; k < p->reduced_dims[2]; k++) {
        const float x = from[k * p->reduced_strides[2]];
        sum = sum + mote_absf(x);
      }
    }
  }
  return sum;
}

void mote_sumabs_f32__ref(const mote_sumabs_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->kept_dims[0]; i++) {
    for (int32_t j = 0; j < p->kept_dims[1]; j++) {
      const float *from = input + i * p->kept_strides[0] + j * p->kept_strides[1];
      for (int32_t k = 0; k < p->kept_dims[2]; k++) *output++ = reduce(p, from + k * p->kept_strides[2]);
    }
  }
}
