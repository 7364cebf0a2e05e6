/* SPDX-License-Identifier: Apache-2.0 */
#include "mote/dynamicquantize.h"

void mote_dynamicquantize_f32__ref(const mote_dynamicquantize_f32 *p, const float *input, int8_t *output, float *scales) {
  for (int32_t row = 0; row < p->rows; row++) {
    float most = 0.0f;
    for (int32_t i = 0; i < p->depth; i++) {
      const float magnitude = input[i] < 0.0f ? -input[i] : input[i];
      if (magnitude > most) most = magnitude;
    }
    /* An infinity less itself is not a number. */
    const int usable = most > 0.0f && most - most == 0.0f;
    /* Of a tiny row the factor overflows: its elements become 127 or, of zeros, -127. */
    const float factor = usable ? 127.0f / most : 0.0f;
    for (int32_t i = 0; i < p->depth; i++) {
      const float v = input[i] * factor;
      int32_t q = 0;
      if (usable) q = v >= 127.0f ? 127 : v > -127.0f ? (int32_t)(v + (v < 0.0f ? -0.5f : 0.5f)) : -127;
      output[i] = (int8_t)q;
    }
    scales[row] = usable ? most / 127.0f : 0.0f;
    input += p->depth;
    output += p->depth;
  }
}
