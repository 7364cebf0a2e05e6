/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer on Helium. Weights: -1, 0, 1, five to a byte (planefc.h). */
#include "mote/mve_fc.h"

static inline mote_mve_eight part_of(const mote_planefc *p, const int8_t *x, int32_t columns, int32_t sum,
                                     const int8_t **codes) {
  (void)p;
  const mote_mve_eight digits = mote_mve_trits(x, columns, codes);
  const mote_mve_eight r = {vsubq_n_s32(digits.first, sum), vsubq_n_s32(digits.second, sum)};
  return r;
}

void mote_planefc_s8trits__mve(const mote_planefc_s8trits *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_fc(p, input, output, scratch, part_of);
}
