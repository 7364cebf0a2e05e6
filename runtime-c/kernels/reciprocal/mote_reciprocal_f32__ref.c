/* SPDX-License-Identifier: Apache-2.0 */
/* float32 reciprocal: 1 / x. */
#include "mote/reciprocal.h"

void mote_reciprocal_f32__ref(const mote_reciprocal_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = 1.0f / x;
  }
}
