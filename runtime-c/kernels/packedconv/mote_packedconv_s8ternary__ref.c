/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, plain C. Weights: two bit planes: which weights are not zero, which are negative. */
#include "mote/packedweights.h"

static inline int32_t weight_at(const mote_packedconv *p, int32_t row, int32_t column) {
  if (!mote_code_at(p->codes + row * p->code_bytes, column, 1)) return 0;
  const int32_t scale = mote_scale_at(p, row, column);
  return mote_code_at(p->extra + row * p->extra_bytes, column, 1) ? -scale : scale;
}

void mote_packedconv_s8ternary__ref(const mote_packedconv_s8ternary *p, const int8_t *input, int8_t *output) {
  mote_packed_convolve(p, input, output, weight_at);
}
