/* SPDX-License-Identifier: Apache-2.0 */
/* float32 abs: absolute value. */
#include "mote/abs.h"

#include "mote/floatmath.h"

void mote_abs_f32__ref(const mote_abs_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_absf(x);
  }
}
