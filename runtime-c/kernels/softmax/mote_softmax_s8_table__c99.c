/* SPDX-License-Identifier: Apache-2.0 */
/* int8 softmax in fixed point. The exponential depends on the difference from the row's maximum alone: the packer has
 * worked out all 256. */
#include "mote/fixedpoint.h"
#include "mote/requantize.h"
#include "mote/softmax.h"

static int32_t row_maximum(const int8_t *input, int32_t depth) {
  int32_t max = -128;
  for (int32_t i = 0; i < depth; i++) {
    if (input[i] > max) max = input[i];
  }
  return max;
}

static void row_softmax(const mote_softmax_s8_table *p, const int8_t *input, int8_t *output) {
  const int32_t *const exp = p->exp_table;
  const int32_t max = row_maximum(input, p->depth);
  int32_t sum = 0; /* Q12.19 */
  for (int32_t i = 0; i < p->depth; i++) sum += mote_shift_round(exp[max - input[i]], 12);
  /* sum = 2^(12 - headroom) * (1 + fraction) */
  const int32_t headroom = mote_leading_zeros((uint32_t)sum);
  const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - 0x80000000u);
  const int32_t scale = mote_reciprocal_one_plus(fraction);
  const int32_t exponent = 12 - headroom + 31 - 8;
  const int32_t kept = exponent > 31 ? 0 : 1; /* more than 512 elements share the maximum: each is below half a step */
  for (int32_t i = 0; i < p->depth; i++) {
    const int32_t e = exp[max - input[i]];
    output[i] = -128;
    if (kept && e) {
      const int32_t value = mote_shift_round((int32_t)(((int64_t)scale * e + (1 << 30)) >> 31), exponent) - 128;
      output[i] = (int8_t)(value > 127 ? 127 : value);
    }
  }
}

void mote_softmax_s8_table__c99(const mote_softmax_s8_table *p, const int8_t *input, int8_t *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    row_softmax(p, input, output);
    input += p->depth;
    output += p->depth;
  }
}
