/* SPDX-License-Identifier: Apache-2.0 */
/* int16 1 / (1 + exp(-x)) by a table with linear interpolation. */
#include "mote/logistic.h"
#include "mote/sigmoidtable.h"

static int16_t logistic(int32_t x) {
  const uint32_t magnitude = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
  const uint32_t index = magnitude >> 9;
  uint32_t value = (uint32_t)0x7FFF << 10;
  if (index < 255u) {
    const uint32_t low = mote_sigmoid_table[index];
    const uint32_t high = mote_sigmoid_table[index + 1u];
    value = (low << 9) + (magnitude & 0x1FFu) * (high - low);
  }
  value = x >= 0 ? value + (1u << 9) : (1u << 25) - value + (1u << 9) - 1u;
  return (int16_t)(value >> 10);
}

void mote_logistic_s16__ref(const mote_logistic_s16 *p, const int16_t *input, int16_t *output) {
  const int32_t half = p->shift > 0 ? (int32_t)1 << (p->shift - 1) : 0;
  for (int32_t i = 0; i < p->count; i++) output[i] = logistic((input[i] * p->multiplier + half) >> p->shift);
}
