/* SPDX-License-Identifier: Apache-2.0 */
/* Requantization without 64-bit arithmetic where the packer has proved |sum| < 2^29, 1 <= s <= 20 (s: right shift after the
 * doubling high multiply) and a multiplier >= 0. With h = floor(4 * sum * multiplier / 2^32):
 * - single: floor((sum * m + 2^(30+s)) / 2^(31+s)) = (h + 2^s) >> (s + 1), for 2^(30+s) is a multiple of 2^30;
 * - tflite: with y = floor((sum * m + 2^30) / 2^31) the result is floor((y + 2^(s-1) - [y < 0]) / 2^s)
 *   = (h + 1 + 2^s - 2 [y < 0]) >> (s + 1), again because all constants are multiples of 2^30. [h < 0] may stand for
 *   [y < 0]: they differ only for h = -1, where both give 0 as s >= 1.
 * The zero point goes into the constant: |h| < 2^30 and the constant is below 2^29, so nothing overflows. */
#ifndef MOTE_RV32_REQUANTIZE_H
#define MOTE_RV32_REQUANTIZE_H

#include <stdint.h>

/* A channel's constants are four words: bias, multiplier, constant (2^s + zero point * 2^(s+1), and 1 more for tflite),
 * s + 1. */
enum { MOTE_RV32_CHANNEL = 4 };

/* What outputs of a call share. */
typedef struct {
  int32_t tie; /* what is taken from a negative h: 2 for tflite, 0 for single */
  int32_t min, max;
} mote_rv32_output;

/* From h to the output. */
static inline int8_t mote_rv32_round(int32_t h, int32_t constant, int32_t shift, const mote_rv32_output *o) {
  if (h < 0) h -= o->tie;
  h = (h + constant) >> shift;
  if (h < o->min) h = o->min;
  if (h > o->max) h = o->max;
  return (int8_t)h;
}

static inline int32_t mote_rv32_high(int32_t sum4, int32_t multiplier) {
  return (int32_t)(((int64_t)sum4 * multiplier) >> 32);
}

/* From a sum to the output of the channel whose constants are at c. */
static inline int8_t mote_rv32_finish(int32_t sum, const int32_t *c, const mote_rv32_output *o) {
  return mote_rv32_round(mote_rv32_high(sum * 4, c[1]), c[2], c[3], o);
}

#endif
