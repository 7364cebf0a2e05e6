/* SPDX-License-Identifier: Apache-2.0 */
/* float32 acosh: inverse hyperbolic cosine. */
#include "mote/acosh.h"

#include "mote/trigonometry.h"

void mote_acosh_f32__ref(const mote_acosh_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_acoshf(x);
  }
}
