/* SPDX-License-Identifier: Apache-2.0 */
/* Gates of integer recurrent layers: their sums are int16 in Q3.12, their results Q0.15, by TensorFlow Lite's tables. */
#ifndef MOTE_CELLGATE_H
#define MOTE_CELLGATE_H

#include <stdint.h>

#include "mote/requantize.h"
#include "mote/sigmoidtable.h"

static inline int16_t mote_saturate16(int32_t x) { return (int16_t)mote_clamp(x, INT16_MIN, INT16_MAX); }

/* round(x * factor / 2^shift) in steps of 1/12288, what the tables take. */
static inline int32_t mote_gate_scale(int32_t x, int32_t factor, int32_t shift) {
  return (x * factor + (shift > 0 ? (int32_t)1 << (shift - 1) : 0)) >> shift;
}

static inline int16_t mote_gate_sigmoid(int32_t x) {
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

static inline int16_t mote_gate_tanh(int32_t x) {
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

static inline int32_t mote_dot_s8(int32_t sum, const int8_t *weights, const int8_t *x, int32_t count) {
  for (int32_t i = 0; i < count; i++) sum += weights[i] * x[i];
  return sum;
}

static inline int64_t mote_dot_s16s8(int64_t sum, const int8_t *weights, const int16_t *x, int32_t count) {
  for (int32_t i = 0; i < count; i++) sum += weights[i] * x[i];
  return sum;
}

#endif
