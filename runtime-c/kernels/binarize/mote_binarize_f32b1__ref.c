/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of float32 values as bits. */
#include "mote/binarize.h"

void mote_binarize_f32b1__ref(const mote_binarize_f32b1 *p, const float *input, int32_t *output) {
  const float *x = input;
  for (int32_t pixel = 0; pixel < p->pixels; pixel++) {
    int32_t left = p->channels;
    for (int32_t j = 0; j < p->words; j++) {
      const int32_t count = left < 32 ? left : 32;
      uint32_t bits = 0;
      for (int32_t i = 0; i < count; i++) {
        if (x[i] > 0.0f || (x[i] == 0.0f && !p->strict)) bits |= (uint32_t)1 << i;
      }
      *output++ = (int32_t)bits;
      x += count;
      left -= count;
    }
  }
}
