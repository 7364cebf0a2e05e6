/* SPDX-License-Identifier: Apache-2.0 */
/* int16 layer norm and RMS norm in integers. */
#include "mote/layernorm.h"

#include "mote/integerroot.h"
#include "mote/requantize.h"

/* An element less the mean (times depth); `down` bits are rounded away, so that the sum of all squares fits. */
static int32_t less_mean(const mote_layernorm_s16 *p, int32_t x, int32_t sum) {
  const int32_t d = p->centre ? p->depth * x - sum : x;
  return p->down > 0 ? (d + (1 << (p->down - 1))) >> p->down : d;
}

static void normalize(const mote_layernorm_s16 *p, const int16_t *x, int16_t *y) {
  int32_t sum = 0;
  uint64_t total = (uint64_t)*p->epsilon;
  for (int32_t i = 0; i < p->depth; i++) sum += x[i];
  for (int32_t i = 0; i < p->depth; i++) {
    const int64_t d = less_mean(p, x[i], sum);
    total += (uint64_t)(d * d);
  }
  const mote_inverse_root root = mote_invert_root(total);
  for (int32_t i = 0; i < p->depth; i++) {
    /* Q1.30: no element is larger than the root of the sum of all squares. */
    const int32_t part = mote_times_inverse_root(less_mean(p, x[i], sum), root);
    const int32_t multiplier = p->multipliers ? p->multipliers[i] : p->multiplier;
    const int32_t bias = p->biases ? p->biases[i] : p->bias;
    const int64_t wide = (int64_t)part * multiplier + (int64_t)bias * ((int64_t)1 << (p->shift - 13));
    const int64_t rounded = (wide + ((int64_t)1 << (p->shift - 1))) >> p->shift;
    y[i] = (int16_t)(rounded < -32768 ? -32768 : rounded > 32767 ? 32767 : rounded);
  }
}

void mote_layernorm_s16__ref(const mote_layernorm_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t r = 0; r < p->rows; r++) normalize(p, input + r * p->depth, output + r * p->depth);
}
