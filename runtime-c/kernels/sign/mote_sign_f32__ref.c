/* SPDX-License-Identifier: Apache-2.0 */
/* float32 sign. */
#include "mote/sign.h"

void mote_sign_f32__ref(const mote_sign_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : p->zero);
  }
}
