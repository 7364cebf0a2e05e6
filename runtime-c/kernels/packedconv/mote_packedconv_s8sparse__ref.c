/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, plain C. Weights: of each 2^block_shift columns sparse_n are kept, at the positions in `extra`. */
#include "mote/packedweights.h"

static inline int32_t weight_at(const mote_packedconv *p, int32_t row, int32_t column) {
  const int32_t first = (column >> p->block_shift) * p->sparse_n;
  const int32_t place = column & ((1 << p->block_shift) - 1);
  for (int32_t i = first; i < first + p->sparse_n; i++) {
    if ((int32_t)mote_code_at(p->extra + row * p->extra_bytes, i, p->block_shift) != place) continue;
    return mote_signed_code_at(p->codes + row * p->code_bytes, i, p->bits);
  }
  return 0;
}

void mote_packedconv_s8sparse__ref(const mote_packedconv_s8sparse *p, const int8_t *input, int8_t *output) {
  mote_packed_convolve(p, input, output, weight_at);
}
