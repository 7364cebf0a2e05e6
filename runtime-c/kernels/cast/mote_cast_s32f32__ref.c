/* SPDX-License-Identifier: Apache-2.0 */
/* int32 -> float32. */
#include "mote/cast.h"

void mote_cast_s32f32__ref(const mote_cast_s32f32 *p, const int32_t *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t x = input[i];
    output[i] = (float)x;
  }
}
