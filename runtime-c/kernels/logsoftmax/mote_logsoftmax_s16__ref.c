/* SPDX-License-Identifier: Apache-2.0 */
/* int16 log-softmax in fixed point. */
#include "mote/logsoftmax.h"

#include "mote/fixedpoint.h"

/* ln(x) in steps of 2^-20 for x in steps of 2^-19, x >= 2^19: the logarithm to base 2 bit by bit. */
static int32_t logarithm(uint32_t x) {
  const int32_t zeros = mote_leading_zeros(x);
  uint64_t mantissa = (uint64_t)x << zeros; /* in [2^31, 2^32) */
  int32_t log2 = 31 - zeros - 19;
  for (int32_t i = 0; i < 20; i++) {
    mantissa = (mantissa * mantissa) >> 31;
    log2 = log2 * 2;
    if (mantissa >> 32) {
      log2 += 1;
      mantissa >>= 1;
    }
  }
  return mote_high_mul(log2, 1488522236); /* ln 2 in Q0.31 */
}

static void row(const mote_logsoftmax_s16 *p, const int16_t *x, int16_t *y) {
  int32_t max = x[0];
  for (int32_t i = 1; i < p->depth; i++) max = x[i] > max ? x[i] : max;
  uint32_t sum = 0;
  for (int32_t i = 0; i < p->depth; i++) {
    const int32_t difference = x[i] - max;
    if (difference < p->diff_min) continue;
    const int32_t scaled = mote_requantize(difference, p->multiplier, p->shift, p->rounding);
    sum += (uint32_t)mote_shift_round(mote_exp_negative_q5(scaled), 12);
  }
  const int32_t log = mote_shift_round(logarithm(sum), p->log_shift);
  for (int32_t i = 0; i < p->depth; i++) {
    const int32_t real = mote_requantize(x[i] - max, p->real_multiplier, p->real_shift, p->rounding) - log;
    y[i] = (int16_t)mote_requantize_to(real, p->output_multiplier, p->output_shift, p->rounding, 0,
                                      -32768, 32767);
  }
}

void mote_logsoftmax_s16__ref(const mote_logsoftmax_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t r = 0; r < p->rows; r++) row(p, input + r * p->depth, output + r * p->depth);
}
