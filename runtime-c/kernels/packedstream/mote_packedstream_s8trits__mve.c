/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium. Weights: five to a byte, with or without scales of groups. */
#include "mote/mve_packed.h"

/* A byte is a fraction of 256: times 3, the digit is what passes 256, and the rest is the next fraction. */
static void decode(const mote_packedstream *p, int32_t group, int8_t *w) {
  const uint8_t *from = p->codes + group * p->code_bytes;
  int8_t *to = w;
  const int8_t *const end = to + p->channels * p->depth;
  const uint8x16_t three = vdupq_n_u8(3);
  for (; to < end; from += 16) {
    uint8x16_t v = vldrbq_u8(from);
    for (int32_t i = 0; i < 5; i++, to += 16) {
      /* The high half of the product is 0, 1 or 2. */
      const int8x16_t digit = vreinterpretq_s8_u8(vmulhq_u8(v, three));
      vstrbq_s8(to, vsubq_n_s8(digit, 1));
      v = vmulq_u8(v, three);
    }
  }
  mote_mve_scale(p, group, w);
}

void mote_packedstream_s8trits__mve(const mote_packedstream_s8trits *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_packed(p, input, output, scratch, decode);
}
