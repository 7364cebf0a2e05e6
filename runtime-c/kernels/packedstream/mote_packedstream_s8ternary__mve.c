/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium. Weights: -1, 0, 1 as codes of two bits, with or without scales of groups. */
#include "mote/mve_packed.h"

static void decode(const mote_packedstream *p, int32_t group, int8_t *w) {
  mote_mve_units(p->codes + group * p->code_bytes, 2, w, p->channels * (p->depth >> 4));
  mote_mve_scale(p, group, w);
}

void mote_packedstream_s8ternary__mve(const mote_packedstream_s8ternary *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_packed(p, input, output, scratch, decode);
}
