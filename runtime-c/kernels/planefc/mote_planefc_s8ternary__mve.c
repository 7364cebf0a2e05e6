/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer on Helium. Weights: -1, 0, 1 as codes of two bits (planefc.h). */
#include "mote/mve_fc.h"

static inline mote_mve_eight part_of(const mote_planefc *p, const int8_t *x, int32_t columns, int32_t sum,
                                     const int8_t **codes) {
  (void)p;
  return mote_mve_signed_crumbs(x, columns, sum, codes);
}

void mote_planefc_s8ternary__mve(const mote_planefc_s8ternary *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_fc(p, input, output, scratch, part_of);
}
