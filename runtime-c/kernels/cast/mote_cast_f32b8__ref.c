/* SPDX-License-Identifier: Apache-2.0 */
/* float32 -> bool. */
#include "mote/cast.h"

void mote_cast_f32b8__ref(const mote_cast_f32b8 *p, const float *input, uint8_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = (uint8_t)(x != 0.0f);
  }
}
