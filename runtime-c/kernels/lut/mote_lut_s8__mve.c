/* SPDX-License-Identifier: Apache-2.0 */
/* int8 table look-up on Helium, 16 at a time. */
#include "mote/lut.h"
#include "mote/mve_look_up.h"

void mote_lut_s8__mve(const mote_lut_s8 *p, const int8_t *input, int8_t *output) {
  mote_mve_look_up(output, input, p->count, p->table);
}
