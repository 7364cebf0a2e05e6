/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium. Weights: two's complement codes, with or without scales of groups. */
#include "mote/mve_packed.h"

static void decode(const mote_packedstream *p, int32_t group, int8_t *w) {
  if (p->bits == 4 && p->channels == 4 && p->scales) {
    mote_mve_scaled_nibbles(p, group, w);
    return;
  }
  mote_mve_units(p->codes + group * p->code_bytes, p->bits, w, p->channels * (p->depth >> 4));
  mote_mve_scale(p, group, w);
}

void mote_packedstream_s8int__mve(const mote_packedstream_s8int *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_packed(p, input, output, scratch, decode);
}
