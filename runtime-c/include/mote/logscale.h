/* SPDX-License-Identifier: Apache-2.0 */
/* Natural logarithms of words, from what log2(1 + x) is more than x at 128 places (Q16). */
#ifndef MOTE_LOGSCALE_H
#define MOTE_LOGSCALE_H

#include <stdint.h>

typedef struct {
  int32_t count;
  int32_t correction_bits; /* left shift before the logarithm */
  int32_t scale;           /* features of one unit */
  int32_t divisor;         /* of 256 features */
  int32_t zero_point;
  const int16_t *table;
} mote_logscale_s32s8;

typedef struct {
  int32_t count;
  int32_t offset; /* added to words, in sixteenths */
  int32_t bias;   /* taken off logarithms, Q16 */
  const int16_t *table;
} mote_logscale_s32s32;

void mote_logscale_s32s8__ref(const mote_logscale_s32s8 *p, const int32_t *input, int8_t *output);
void mote_logscale_s32s32__ref(const mote_logscale_s32s32 *p, const int32_t *input, int32_t *output);

/* log2(x) in Q16, x > 0. A slope of 9 bits interpolates. */
static inline int32_t mote_log2(uint32_t x, const int16_t *table, int32_t slope_bits) {
  int32_t whole = 31;
  while ((x >> whole) == 0u) whole--;
  const uint32_t rest = x - ((uint32_t)1 << whole);
  const int32_t fraction = (int32_t)(whole < 16 ? rest << (16 - whole) : rest >> (whole - 16));
  const int32_t place = fraction >> 9;
  const int32_t beyond = fraction & 511;
  return (whole << 16) + fraction + table[place] + (((table[place + 1] - table[place]) * beyond) >> slope_bits);
}

/* ln from log2, both Q16. */
static inline int32_t mote_natural(int32_t log2) {
  return (int32_t)(((int64_t)45426 * log2 + (1 << 15)) >> 16);
}

#endif
