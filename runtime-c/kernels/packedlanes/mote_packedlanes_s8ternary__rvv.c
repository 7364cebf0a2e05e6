/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, output channels in lanes. Weights: -1, 0, 1 as codes of two bits, with or without scales of groups. */
#include "mote/rvv_packed.h"

static void decode(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w) { mote_rvv_codes(p, k, 2, w); }

void mote_packedlanes_s8ternary__rvv(const mote_packedlanes_s8ternary *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_rvv_packed(p, input, output, scratch, decode);
}
