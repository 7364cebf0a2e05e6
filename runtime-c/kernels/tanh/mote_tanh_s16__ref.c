/* SPDX-License-Identifier: Apache-2.0 */
/* int16 tanh(x) = 2 * logistic(2 * x) - 1 by a table with linear interpolation. */
#include "mote/sigmoidtable.h"
#include "mote/tanh.h"

static int16_t hyperbolic(int32_t x) {
  const uint32_t magnitude = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
  const uint32_t index = magnitude >> 8;
  int32_t value = (int32_t)0xFFFF << 8;
  if (index < 255u) {
    const uint32_t low = mote_sigmoid_table[index];
    const uint32_t high = mote_sigmoid_table[index + 1u];
    value = (int32_t)((low << 8) + (magnitude & 0xFFu) * (high - low));
  }
  value = x >= 0 ? value - (1 << 23) + (1 << 7) : -value + (1 << 23) + (1 << 7) - 1;
  return (int16_t)(value >> 8);
}

void mote_tanh_s16__ref(const mote_tanh_s16 *p, const int16_t *input, int16_t *output) {
  const int32_t half = p->shift > 0 ? (int32_t)1 << (p->shift - 1) : 0;
  for (int32_t i = 0; i < p->count; i++) output[i] = hyperbolic((input[i] * p->multiplier + half) >> p->shift);
}
