/* SPDX-License-Identifier: Apache-2.0 */
/* float32 neg: -x. */
#include "mote/neg.h"

void mote_neg_f32__ref(const mote_neg_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = -x;
  }
}
