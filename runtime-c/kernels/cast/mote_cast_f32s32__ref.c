/* SPDX-License-Identifier: Apache-2.0 */
/* float32 -> int32. */
#include "mote/cast.h"

void mote_cast_f32s32__ref(const mote_cast_f32s32 *p, const float *input, int32_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = x != x ? 0 : x >= 2147483648.0f ? INT32_MAX : x <= -2147483648.0f ? INT32_MIN : (int32_t)x;
  }
}
