/* SPDX-License-Identifier: Apache-2.0 */
/* uint8 -> int32. */
#include "mote/cast.h"

void mote_cast_u8s32__ref(const mote_cast_u8s32 *p, const uint8_t *input, int32_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const uint8_t x = input[i];
    output[i] = x;
  }
}
