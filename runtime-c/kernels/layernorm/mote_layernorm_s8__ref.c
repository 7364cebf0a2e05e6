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

static void normalize(const mote_layernorm_s8 *p, const int8_t *x, int8_t *y) {
  int32_t scale;
  int32_t offset;
  const mote_inverse_root root = mote_invert_root(squares(p, x, &scale, &offset));
  for (int32_t i = 0; i < p->depth; i++) {
    /* Q1.30: no element is larger than the root of the sum of all squares. */
    const int32_t part = mote_times_inverse_root(scale * x[i] - offset, root);
    const int32_t multiplier = p->multipliers ? p->multipliers[i] : p->multiplier;
    const int32_t bias = p->biases ? p->biases[i] : p->bias;
    const int64_t wide = (int64_t)part * multiplier + (int64_t)bias * ((int64_t)1 << (p->shift - 16));
    const int64_t rounded = (wide + ((int64_t)1 << (p->shift - 1))) >> p->shift;
    y[i] = (int8_t)(rounded < -128 ? -128 : rounded > 127 ? 127 : rounded);
  }
}

void mote_layernorm_s8__ref(const mote_layernorm_s8 *p, const int8_t *input, int8_t *output) {
  for (int32_t r = 0; r < p->rows; r++) normalize(p, input + r * p->depth, output + r * p->depth);
}
