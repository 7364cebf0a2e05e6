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

/* wide / 2^shift within the limits; from 32 bits on it is in the upper half. */
static inline int32_t rounded_to(int64_t wide, int32_t shift) {
  if (shift >= 32) return mote_clamp((int32_t)(wide >> 32) >> (shift - 32), -32768, 32767);
  const int64_t y = wide >> shift;
  return y < -32768 ? -32768 : y > 32767 ? 32767 : (int32_t)y;
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
  /* Not read anew after each store. */
  const int32_t *const multipliers = p->multipliers;
  const int32_t *const biases = p->biases;
  const int32_t shift = p->shift;
  const int64_t unit = (int64_t)1 << (shift - 13);
  const int64_t half = (int64_t)1 << (shift - 1);
  int32_t multiplier = p->multiplier;
  int32_t bias = p->bias;
  for (int32_t i = 0, depth = p->depth; i < depth; i++) {
    /* Q1.30: no element is larger than the root of the sum of all squares. */
    const int32_t part = mote_times_inverse_root(less_mean(p, x[i], sum), root);
    if (multipliers) multiplier = multipliers[i];
    if (biases) bias = biases[i];
    y[i] = (int16_t)rounded_to((int64_t)part * multiplier + bias * unit + half, shift);
  }
}

void mote_layernorm_s16__ref(const mote_layernorm_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t r = 0; r < p->rows; r++) normalize(p, input + r * p->depth, output + r * p->depth);
}
