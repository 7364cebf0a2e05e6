/* SPDX-License-Identifier: Apache-2.0 */
/* float32 rsqrt: 1 / square root. */
#include "mote/rsqrt.h"

#include "mote/floatmath.h"

void mote_rsqrt_f32__ref(const mote_rsqrt_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = 1.0f / mote_sqrtf(x);
  }
}
