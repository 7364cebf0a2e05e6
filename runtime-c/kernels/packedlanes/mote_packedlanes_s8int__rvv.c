/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, output channels in lanes. Weights: two's complement codes, with or without scales of groups. */
#include "mote/rvv_packed.h"

static void decode(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w) { mote_rvv_codes(p, k, p->bits, w); }

void mote_packedlanes_s8int__rvv(const mote_packedlanes_s8int *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_rvv_packed(p, input, output, scratch, decode);
}
