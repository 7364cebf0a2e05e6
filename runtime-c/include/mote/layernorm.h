/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `depth` elements minus their mean (where `centre` is 1), divided by the root of their mean square plus epsilon,
 * times scale, plus bias; either may be null. The output may be the buffer of the input. */
#ifndef MOTE_LAYERNORM_H
#define MOTE_LAYERNORM_H

#include <stdint.h>

typedef struct {
  int32_t rows, depth;
  int32_t centre;
  float epsilon;
  const float *scale;
  const float *bias;
} mote_layernorm_f32;

void mote_layernorm_f32__ref(const mote_layernorm_f32 *p, const float *input, float *output);

/* An element less the mean, divided by the root of the sum of squares of its row, is in Q1.30; it is multiplied by the root
 * of the depth, the layer's scale and the inverse of the output's, all in `multiplier`, and the bias in steps of 2^-16 of
 * the output, its zero point included, is added: (part * multiplier + bias * 2^(shift - 16)) / 2^shift. */
typedef struct {
  int32_t rows, depth; /* depth at most 2^15 */
  int32_t centre;
  int32_t input_zero_point;  /* read without centre */
  const int64_t *epsilon;    /* in the units of the sum of squares */
  const int32_t *multipliers; /* one per element of a row, or 0: `multiplier` for all */
  const int32_t *biases;      /* likewise */
  int32_t multiplier, bias;
  int32_t shift; /* 30 to 53 */
} mote_layernorm_s8;

void mote_layernorm_s8__ref(const mote_layernorm_s8 *p, const int8_t *input, int8_t *output);

/* int16 without zero points. What the squares are taken of loses `down` bits; biases are in steps of 2^-13 of the output. */
typedef struct {
  int32_t rows, depth; /* depth at most 2^14 */
  int32_t centre;
  int32_t down;
  const int64_t *epsilon;
  const int32_t *multipliers;
  const int32_t *biases;
  int32_t multiplier, bias;
  int32_t shift; /* 30 to 45 */
} mote_layernorm_s16;

void mote_layernorm_s16__ref(const mote_layernorm_s16 *p, const int16_t *input, int16_t *output);

#endif
