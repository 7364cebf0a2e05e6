/* SPDX-License-Identifier: Apache-2.0 */
/* Negation of bools. */
#include "mote/not.h"

void mote_not_b8__ref(const mote_not_b8 *p, const uint8_t *input, uint8_t *output) {
  for (int32_t i = 0; i < p->count; i++) output[i] = (uint8_t)(input[i] == 0);
}
