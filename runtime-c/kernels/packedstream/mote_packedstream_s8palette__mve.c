/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium. Weights: indices into a table for all channels or one for each. */
#include "mote/mve_packed.h"

static void decode(const mote_packedstream *p, int32_t group, int8_t *w) {
  const int8_t *const end = w + p->channels * p->depth;
  const int8_t *const tables = p->table + group * p->channels * p->table_step;
  const uint8x16_t mask = vdupq_n_u8((uint8_t)((1 << p->bits) - 1));
  mote_mve_units(p->codes + group * p->code_bytes, p->bits, w, p->channels * (p->depth >> 4));
  int32_t channel = 0;
  for (; w < end; w += 16) {
    const uint8x16_t index = vandq_u8(vreinterpretq_u8_s8(vldrbq_s8(w)), mask);
    vstrbq_s8(w, vldrbq_gather_offset_s8(tables + channel * p->table_step, index));
    channel = (channel + 1) & (p->channels - 1);
  }
}

void mote_packedstream_s8palette__mve(const mote_packedstream_s8palette *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_packed(p, input, output, scratch, decode);
}
