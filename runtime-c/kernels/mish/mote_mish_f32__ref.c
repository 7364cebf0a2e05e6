/* SPDX-License-Identifier: Apache-2.0 */
/* float32 mish: x tanh(log(1 + e^x)). */
#include "mote/mish.h"

#include "mote/activations.h"

void mote_mish_f32__ref(const mote_mish_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_mishf(x);
  }
}
