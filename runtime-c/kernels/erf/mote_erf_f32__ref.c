/* SPDX-License-Identifier: Apache-2.0 */
/* float32 erf: error function. */
#include "mote/erf.h"

#include "mote/floatmath.h"

void mote_erf_f32__ref(const mote_erf_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_erff(x);
  }
}
