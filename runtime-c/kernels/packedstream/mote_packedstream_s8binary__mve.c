/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium. Weights: -1 (1) or 1 (0), one bit each. */
#include "mote/mve_packed.h"

static void decode(const mote_packedstream *p, int32_t group, int8_t *w) {
  const int8_t *from = (const int8_t *)(p->codes + group * p->code_bytes);
  const int8_t *const end = w + p->channels * p->depth;
  const int8x16_t one = vdupq_n_s8(1);
  for (; w < end; from += 16) {
    int8x16_t v = vldrbq_s8(from);
    for (int32_t i = 0; i < 8; i++, w += 16) {
      vstrbq_s8(w, vorrq_s8(vshrq_n_s8(vshlq_n_s8(v, 7), 7), one));
      v = vshrq_n_s8(v, 1);
    }
  }
}

void mote_packedstream_s8binary__mve(const mote_packedstream_s8binary *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_packed(p, input, output, scratch, decode);
}
