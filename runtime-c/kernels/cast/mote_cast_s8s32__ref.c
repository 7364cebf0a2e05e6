/* SPDX-License-Identifier: Apache-2.0 */
/* int8 -> int32. */
#include "mote/cast.h"

void mote_cast_s8s32__ref(const mote_cast_s8s32 *p, const int8_t *input, int32_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int8_t x = input[i];
    output[i] = x;
  }
}
