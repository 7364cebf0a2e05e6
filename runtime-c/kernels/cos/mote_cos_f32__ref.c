/* SPDX-License-Identifier: Apache-2.0 */
/* float32 cos: cosine. */
#include "mote/cos.h"

#include "mote/trigonometry.h"

void mote_cos_f32__ref(const mote_cos_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_cosf(x);
  }
}
