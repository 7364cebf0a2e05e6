/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax of int8 giving int16, in fixed point as TensorFlow Lite's reference kernel. */
#include "mote/fixedpoint.h"
#include "mote/requantize.h"
#include "mote/softmax.h"

static int32_t exp_of(const mote_softmax_s8s16 *p, int32_t difference) {
  return mote_exp_negative_q5(mote_requantize(difference, p->multiplier, p->shift, p->rounding));
}

static void row_softmax(const mote_softmax_s8s16 *p, const int8_t *input, int16_t *output) {
  int32_t max = -128;
  int32_t sum = 0; /* Q12.19 */
  for (int32_t i = 0; i < p->depth; i++) {
    if (input[i] > max) max = input[i];
  }
  for (int32_t i = 0; i < p->depth; i++) {
    const int32_t difference = input[i] - max;
    if (difference >= p->diff_min) sum += mote_shift_round(exp_of(p, difference), 12);
  }
  /* sum = 2^(12 - headroom) * (1 + fraction); at most 4095 elements, so the exponent is below 28. */
  const int32_t headroom = mote_leading_zeros((uint32_t)sum);
  const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - 0x80000000u);
  const int32_t scale = mote_reciprocal_one_plus(fraction);
  const int32_t exponent = 12 - headroom + 31 - 16;
  for (int32_t i = 0; i < p->depth; i++) {
    const int32_t difference = input[i] - max;
    int32_t value = -32768;
    if (difference >= p->diff_min) {
      value = mote_clamp(mote_shift_round(mote_high_mul(scale, exp_of(p, difference)), exponent) - 32768, -32768, 32767);
    }
    output[i] = (int16_t)value;
  }
}

void mote_softmax_s8s16__ref(const mote_softmax_s8s16 *p, const int8_t *input, int16_t *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    row_softmax(p, input, output);
    input += p->depth;
    output += p->depth;
  }
}
