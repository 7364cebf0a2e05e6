/* SPDX-License-Identifier: Apache-2.0 */
/* float32 silu: x logistic(x). */
#include "mote/silu.h"

#include "mote/activations.h"

void mote_silu_f32__ref(const mote_silu_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_siluf(x);
  }
}
