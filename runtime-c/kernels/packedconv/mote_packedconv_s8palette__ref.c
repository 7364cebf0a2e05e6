/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, plain C. Weights: indices into one table, or into one of each row. */
#include "mote/packedweights.h"

static inline int32_t weight_at(const mote_packedconv *p, int32_t row, int32_t column) {
  return p->table[row * p->table_step + (int32_t)mote_code_at(p->codes + row * p->code_bytes, column, p->bits)];
}

void mote_packedconv_s8palette__ref(const mote_packedconv_s8palette *p, const int8_t *input, int8_t *output) {
  mote_packed_convolve(p, input, output, weight_at);
}
