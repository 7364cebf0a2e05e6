/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer on Helium. Weights: two's complement codes of 2, 3, 4 or 6 bits (planefc.h). */
#include "mote/mve_fc.h"

static inline mote_mve_eight part_of(const mote_planefc *p, const int8_t *x, int32_t columns, int32_t sum,
                                     const int8_t **codes) {
  if (p->bits == 4) return mote_mve_signed_nibbles(x, columns, sum, codes);
  if (p->bits == 2) return mote_mve_signed_crumbs(x, columns, sum, codes);
  if (p->bits == 6) {
    const mote_mve_eight high = mote_mve_signed_nibbles(x, columns, sum, codes);
    return mote_mve_combined(high, 4, mote_mve_signed_crumbs(x, columns, sum, codes), 2 * sum);
  }
  const mote_mve_eight low = mote_mve_signed_crumbs(x, columns, sum, codes);
  return mote_mve_combined(mote_mve_plain_bits(x, columns, codes), -4, low, 2 * sum);
}

void mote_planefc_s8int__mve(const mote_planefc_s8int *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_fc(p, input, output, scratch, part_of);
}
