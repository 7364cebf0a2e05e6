/* SPDX-License-Identifier: Apache-2.0 */
/* int32 -> int16. */
#include "mote/cast.h"

void mote_cast_s32s16__ref(const mote_cast_s32s16 *p, const int32_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t x = input[i];
    output[i] = (int16_t)(uint16_t)x;
  }
}
