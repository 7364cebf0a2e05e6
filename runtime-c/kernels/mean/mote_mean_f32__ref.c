/* SPDX-License-Identifier: Apache-2.0 */
/* float32 mean, plain C. */
#include "mote/mean.h"

static float sum_of(const mote_mean_f32 *p, const float *x) {
  float sum = 0.0f;
  for (int32_t i = 0; i < p->reduced_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduced_dims[1]; j++) {
      const float *y = x + i * p->reduced_strides[0] + j * p->reduced_strides[1];
      for (int32_t k = 0; k < p->reduced_dims[2]; k++) {
        sum += *y;
        y += p->reduced_strides[2];
      }
    }
  }
  return sum;
}

void mote_mean_f32__ref(const mote_mean_f32 *p, const float *input, float *output) {
  const int32_t count = p->reduced_dims[0] * p->reduced_dims[1] * p->reduced_dims[2];
  for (int32_t i = 0; i < p->kept_dims[0]; i++) {
    for (int32_t j = 0; j < p->kept_dims[1]; j++) {
      const float *x = input + i * p->kept_strides[0] + j * p->kept_strides[1];
      for (int32_t k = 0; k < p->kept_dims[2]; k++) {
        *output++ = sum_of(p, x) / (float)count;
        x += p->kept_strides[2];
      }
    }
  }
}
