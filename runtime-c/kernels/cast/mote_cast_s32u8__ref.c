/* SPDX-License-Identifier: Apache-2.0 */
/* int32 -> uint8. */
#include "mote/cast.h"

void mote_cast_s32u8__ref(const mote_cast_s32u8 *p, const int32_t *input, uint8_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t x = input[i];
    output[i] = (uint8_t)x;
  }
}
