/* SPDX-License-Identifier: Apache-2.0 */
/* float32 softsign: x / (1 + |x|). */
#include "mote/softsign.h"

#include "mote/floatmath.h"

void mote_softsign_f32__ref(const mote_softsign_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = x / (1.0f + mote_absf(x));
  }
}
