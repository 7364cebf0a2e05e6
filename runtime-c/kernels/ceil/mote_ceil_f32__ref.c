/* SPDX-License-Identifier: Apache-2.0 */
/* float32 ceil: smallest integer not below x. */
#include "mote/ceil.h"

#include "mote/floatmath.h"

void mote_ceil_f32__ref(const mote_ceil_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_ceilf(x);
  }
}
