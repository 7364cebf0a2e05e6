/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer on Helium. Weights: -1 (1) or 1 (0), one bit each (planefc.h). */
#include "mote/mve_fc.h"

static inline mote_mve_eight part_of(const mote_planefc *p, const int8_t *x, int32_t columns, int32_t sum,
                                     const int8_t **codes) {
  (void)p;
  const mote_mve_eight none = {vdupq_n_s32(0), vdupq_n_s32(0)};
  return mote_mve_combined(mote_mve_plain_bits(x, columns, codes), -2, none, sum);
}

void mote_planefc_s8binary__mve(const mote_planefc_s8binary *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_fc(p, input, output, scratch, part_of);
}
