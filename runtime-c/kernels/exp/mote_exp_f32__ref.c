/* SPDX-License-Identifier: Apache-2.0 */
/* float32 exp: e^x. */
#include "mote/exp.h"

#include "mote/float.h"

void mote_exp_f32__ref(const mote_exp_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_expf(x);
  }
}
