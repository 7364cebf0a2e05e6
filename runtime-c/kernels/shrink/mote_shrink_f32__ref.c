/* SPDX-License-Identifier: Apache-2.0 */
/* float32 shrink: x moved by bias toward 0 outside of +-lambd, else 0. */
#include "mote/shrink.h"

void mote_shrink_f32__ref(const mote_shrink_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = x < -p->lambd ? x + p->bias : x > p->lambd ? x - p->bias : 0.0f;
  }
}
