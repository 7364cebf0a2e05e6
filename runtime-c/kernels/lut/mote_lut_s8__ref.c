/* SPDX-License-Identifier: Apache-2.0 */
/* int8 table look-up. */
#include "mote/lut.h"

void mote_lut_s8__ref(const mote_lut_s8 *p, const int8_t *input, int8_t *output) {
  for (int32_t i = 0; i < p->count; i++) output[i] = p->table[(uint8_t)input[i]];
}
