/* SPDX-License-Identifier: Apache-2.0 */
/* float32 sin: sine. */
#include "mote/sin.h"

#include "mote/trigonometry.h"

void mote_sin_f32__ref(const mote_sin_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_sinf(x);
  }
}
