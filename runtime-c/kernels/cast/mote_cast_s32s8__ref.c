/* SPDX-License-Identifier: Apache-2.0 */
/* int32 -> int8. */
#include "mote/cast.h"

void mote_cast_s32s8__ref(const mote_cast_s32s8 *p, const int32_t *input, int8_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t x = input[i];
    output[i] = (int8_t)(uint8_t)x;
  }
}
