/* SPDX-License-Identifier: Apache-2.0 */
/* int16 table look-up, linear between the entries, as TensorFlow Lite's. */
#include "mote/lut.h"

void mote_lut_s16__ref(const mote_lut_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int16_t *const entry = p->table + 256 + (input[i] >> 7);
    const int32_t slope = (int16_t)(entry[1] - entry[0]);
    output[i] = (int16_t)(entry[0] + ((slope * (input[i] & 127) + 64) >> 7));
  }
}
