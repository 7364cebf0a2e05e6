/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution, plain C. Weights: five trits to a byte. */
#include "mote/packedweights.h"

/* A byte is a number in base 3, the first trit the lowest digit; digits are weight + 1. */
static inline int32_t weight_at(const mote_packedconv *p, int32_t row, int32_t column) {
  /* column / 5 and the digit without division: 6554 / 2^15 is exact for columns below 2^14, 171 / 2^9 for bytes. */
  int32_t whole = 0;
  int32_t rest = column;
  while (rest >= 10240) {
    rest -= 10240;
    whole += 2048;
  }
  const int32_t part = (rest * 6554) >> 15;
  int32_t byte = p->codes[row * p->code_bytes + whole + part];
  for (int32_t digit = rest - 5 * part; digit > 0; digit--) byte = (byte * 171) >> 9;
  return (byte - 3 * ((byte * 171) >> 9) - 1) * mote_scale_at(p, row, column);
}

void mote_packedconv_s8trits__ref(const mote_packedconv_s8trits *p, const int8_t *input, int8_t *output) {
  mote_packed_convolve(p, input, output, weight_at);
}
