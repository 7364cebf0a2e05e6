/* SPDX-License-Identifier: Apache-2.0 */
/* int8 layer norm and RMS norm in integers. */
#include "mote/layernorm.h"

#include "mote/integerroot.h"
#include "mote/requantize.h"

/* The elements less their mean (times depth) or zero point: `*scale` times an element less `*offset`. */
static uint64_t squares(const mote_layernorm_s8 *p, const int8_t *x, int32_t *scale, int32_t *offset) {
  int32_t sum = 0;
  uint64_t total = 0;
  for (int32_t i = 0; i < p->depth; i++) sum += x[i];
  *scale = p->centre ? p->depth : 1;
  *offset = p->centre ? sum : p->input_zero_point;
  for (int32_t i = 0; i < p->depth; i++) {
    const int32_t d = *scale * x[i] - *offset;
    total += (uint64_t)((int64_t)d * d);
  }
  return total + (uint64_t)*p->epsilon;
}

/* wide / 2^shift within the limits; from 32 bits on it is in the upper half. */
static inline int32_t rounded_to(int64_t wide, int32_t shift) {
  if (shift >= 32) return mote_clamp((int32_t)(wide >> 32) >> (shift - 32), -128, 127);
  const int64_t y = wide >> shift;
  return y < -128 ? -128 : y > 127 ? 127 : (int32_t)y;
}

static void normalize(const mote_layernorm_s8 *p, const int8_t *x, int8_t *y) {
  int32_t scale;
  int32_t offset;
  const mote_inverse_root root = mote_invert_root(squares(p, x, &scale, &offset));
  /* Not read anew after each store. */
  const int32_t *const multipliers = p->multipliers;
  const int32_t *const biases = p->biases;
  const int32_t shift = p->shift;
  const int64_t unit = (int64_t)1 << (shift - 16);
  const int64_t half = (int64_t)1 << (shift - 1);
  int32_t multiplier = p->multiplier;
  int32_t bias = p->bias;
  for (int32_t i = 0, depth = p->depth; i < depth; i++) {
    /* Q1.30: no element is larger than the root of the sum of all squares. */
    const int32_t part = mote_times_inverse_root(scale * x[i] - offset, root);
    if (multipliers) multiplier = multipliers[i];
    if (biases) bias = biases[i];
    y[i] = (int8_t)rounded_to((int64_t)part * multiplier + bias * unit + half, shift);
  }
}

void mote_layernorm_s8__ref(const mote_layernorm_s8 *p, const int8_t *input, int8_t *output) {
  for (int32_t r = 0; r < p->rows; r++) normalize(p, input + r * p->depth, output + r * p->depth);
}
