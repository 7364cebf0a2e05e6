/* SPDX-License-Identifier: Apache-2.0 */
/* float32 cosh: hyperbolic cosine. */
#include "mote/cosh.h"

#include "mote/trigonometry.h"

void mote_cosh_f32__ref(const mote_cosh_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_coshf(x);
  }
}
