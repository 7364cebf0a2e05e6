/* SPDX-License-Identifier: Apache-2.0 */
/* A row of numbers as int8: its largest magnitude becomes 127. Gives what 1 stands for. A row that is zero or holds an infinity
 * becomes zeros with scale 0; an element that is not a number becomes -127. */
#ifndef MOTE_DYNAMICROW_H
#define MOTE_DYNAMICROW_H

#include <stdint.h>

static inline float mote_dynamic_row(const float *input, int32_t depth, int8_t *output) {
  float most = 0.0f;
  for (int32_t i = 0; i < depth; i++) {
    const float magnitude = input[i] < 0.0f ? -input[i] : input[i];
    if (magnitude > most) most = magnitude;
  }
  /* An infinity less itself is not a number. */
  const int usable = most > 0.0f && most - most == 0.0f;
  /* Of a tiny row the factor overflows: its elements become 127 or, of zeros, -127. */
  const float factor = usable ? 127.0f / most : 0.0f;
  for (int32_t i = 0; i < depth; i++) {
    const float v = input[i] * factor;
    int32_t q = 0;
    if (usable) q = v >= 127.0f ? 127 : v > -127.0f ? (int32_t)(v + (v < 0.0f ? -0.5f : 0.5f)) : -127;
    output[i] = (int8_t)q;
  }
  return usable ? most / 127.0f : 0.0f;
}

#endif
