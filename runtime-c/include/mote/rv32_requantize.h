/* SPDX-License-Identifier: Apache-2.0 */
/* Requantization in six instructions where the packer has proved |sum| < 2^29, 1 <= s <= 20 (s: right shift after the
 * doubling high multiply) and a multiplier >= 0. With h = floor(4 * sum * multiplier / 2^32):
 * - single: floor((sum * m + 2^(30+s)) / 2^(31+s)) = (h + 2^s) >> (s + 1), for 2^(30+s) is a multiple of 2^30;
 * - tflite: with y = floor((sum * m + 2^30) / 2^31) the result is floor((y + 2^(s-1) - [y < 0]) / 2^s)
 *   = (h + 1 + 2^s - 2 [y < 0]) >> (s + 1), again because all constants are multiples of 2^30. [h < 0] may stand for
 *   [y < 0]: they differ only for h = -1, where both give 0 as s >= 1.
 * The zero point goes into the constant: |h| < 2^30 and the constant is below 2^29, so nothing overflows. */
#ifndef MOTE_RV32_REQUANTIZE_H
#define MOTE_RV32_REQUANTIZE_H

#include <stdint.h>

/* A channel's constants are three words: bias, multiplier, s. */
enum { MOTE_RV32_CHANNEL = 3 };

/* What outputs of a call share. */
typedef struct {
  int32_t zero_point2; /* 2 * output zero point + 1 */
  int32_t tie;         /* 1: tflite, 0: single */
  int32_t min, max;
} mote_rv32_output;

static inline int32_t mote_rv32_constant(const mote_rv32_output *o, int32_t shift) {
  return o->zero_point2 * (1 << shift) + o->tie;
}

static inline int8_t mote_rv32_finish(int32_t sum, int32_t multiplier, int32_t constant, int32_t shift,
                                      const mote_rv32_output *o) {
  int32_t h = (int32_t)(((int64_t)(sum * 4) * multiplier) >> 32);
  if (h < 0) h -= 2 * o->tie;
  h = (h + constant) >> (shift + 1);
  if (h < o->min) h = o->min;
  if (h > o->max) h = o->max;
  return (int8_t)h;
}

#endif
