/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, plain C. Weights: blocks of 2^block_shift columns, kept where `extra` says so, one after the other. */
#include "mote/packedweights.h"

/* A kept block is a row of codes, with a scale of its own in a byte of its own. */
static inline int32_t weight_at(const mote_packedconv *p, int32_t row, int32_t column) {
  const uint8_t *kept = p->extra + row * p->extra_bytes;
  const int32_t block = column >> p->block_shift;
  if (!mote_code_at(kept, block, 1)) return 0;
  int32_t at = p->starts[row];
  for (int32_t i = 0; i < block; i++) at += (int32_t)mote_code_at(kept, i, 1);
  const int32_t code =
      mote_signed_code_at(p->codes + at * p->code_bytes, column & ((1 << p->block_shift) - 1), p->bits);
  return p->scales == 0 ? code : code * (1 + (p->scales[at] & 15));
}

void mote_packedconv_s8block__ref(const mote_packedconv_s8block *p, const int8_t *input, int8_t *output) {
  mote_packed_convolve(p, input, output, weight_at);
}
