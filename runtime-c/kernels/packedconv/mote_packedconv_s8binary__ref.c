/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, plain C. Weights: one bit, set for 1, clear for -1. */
#include "mote/packedweights.h"

static inline int32_t weight_at(const mote_packedconv *p, int32_t row, int32_t column) {
  return 2 * (int32_t)mote_code_at(p->codes + row * p->code_bytes, column, 1) - 1;
}

void mote_packedconv_s8binary__ref(const mote_packedconv_s8binary *p, const int8_t *input, int8_t *output) {
  mote_packed_convolve(p, input, output, weight_at);
}
