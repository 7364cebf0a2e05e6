/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer on RVV with binary weights (lanefc.h). */
#include "mote/rvv_fc.h"

void mote_lanefc_s8binary__rvv(const mote_lanefc_s8binary *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_rvv_fc(p, input, output, scratch);
}
