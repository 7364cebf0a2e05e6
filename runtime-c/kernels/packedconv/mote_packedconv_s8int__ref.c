/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, plain C. Weights: two's complement codes, with or without scales of groups. */
#include "mote/packedweights.h"

static inline int32_t weight_at(const mote_packedconv *p, int32_t row, int32_t column) {
  return mote_signed_code_at(p->codes + row * p->code_bytes, column, p->bits) * mote_scale_at(p, row, column);
}

void mote_packedconv_s8int__ref(const mote_packedconv_s8int *p, const int8_t *input, int8_t *output) {
  mote_packed_convolve(p, input, output, weight_at);
}
