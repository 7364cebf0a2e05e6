/* SPDX-License-Identifier: Apache-2.0 */
/* float32 hard swish. */
#include "mote/hardswish.h"

void mote_hardswish_f32__ref(const mote_hardswish_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    const float t = x + 3.0f;
    output[i] = x * (t < 0.0f ? 0.0f : t > 6.0f ? 6.0f : t) / 6.0f;
  }
}
