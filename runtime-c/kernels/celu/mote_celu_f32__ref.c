/* SPDX-License-Identifier: Apache-2.0 */
/* float32 celu: x above 0, alpha (e^(x / alpha) - 1) below. */
#include "mote/celu.h"

#include "mote/floatmath.h"

void mote_celu_f32__ref(const mote_celu_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = x > 0.0f ? x : p->alpha * mote_expm1f(x / p->alpha);
  }
}
