/* SPDX-License-Identifier: Apache-2.0 */
/* float32 log: natural logarithm. */
#include "mote/log.h"

#include "mote/floatmath.h"

void mote_log_f32__ref(const mote_log_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_logf(x);
  }
}
