/* SPDX-License-Identifier: Apache-2.0 */
/* int8 table look-up, elements in lanes. */
#include "mote/lut.h"
#include "mote/rvv_look_up.h"

void mote_lut_s8__rvv(const mote_lut_s8 *p, const int8_t *input, int8_t *output) {
  mote_rvv_look_up(output, input, p->count, p->table);
}
