/* SPDX-License-Identifier: Apache-2.0 */
/* int16 -> int32. */
#include "mote/cast.h"

void mote_cast_s16s32__ref(const mote_cast_s16s32 *p, const int16_t *input, int32_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int16_t x = input[i];
    output[i] = x;
  }
}
