/* SPDX-License-Identifier: Apache-2.0 */
/* float32 clamp. */
#include "mote/clamp.h"

void mote_clamp_f32__ref(const mote_clamp_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = x < p->min ? p->min : x > p->max ? p->max : x;
  }
}
