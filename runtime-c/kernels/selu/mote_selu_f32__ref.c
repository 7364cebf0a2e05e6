/* SPDX-License-Identifier: Apache-2.0 */
/* float32 selu: gamma x above 0, gamma alpha (e^x - 1) below. */
#include "mote/selu.h"

#include "mote/floatmath.h"

void mote_selu_f32__ref(const mote_selu_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = p->gamma * (x > 0.0f ? x : p->alpha * mote_expm1f(x));
  }
}
