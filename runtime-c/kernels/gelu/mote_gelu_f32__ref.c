/* SPDX-License-Identifier: Apache-2.0 */
/* float32 gelu: x Phi(x). */
#include "mote/gelu.h"

#include "mote/activations.h"

void mote_gelu_f32__ref(const mote_gelu_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_geluf(x);
  }
}
