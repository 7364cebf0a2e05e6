/* SPDX-License-Identifier: Apache-2.0 */
#include "mote/rotary.h"

void mote_rotary_f32__ref(const mote_rotary_f32 *p, const float *input, const float *cosines, const float *sines,
                          float *output) {
  const int32_t half = p->rotated / 2;
  const int32_t step = p->interleaved ? 2 : 1;
  const int32_t apart = p->interleaved ? 1 : half;
  for (int32_t row = 0; row < p->rows; row++) {
    for (int32_t head = 0; head < p->heads; head++) {
      for (int32_t i = 0; i < half; i++) {
        const int32_t a = i * step;
        const float x = input[a];
        const float y = input[a + apart];
        output[a] = x * cosines[i] - y * sines[i];
        output[a + apart] = x * sines[i] + y * cosines[i];
      }
      for (int32_t i = p->rotated; i < p->head_size; i++) output[i] = input[i];
      input += p->head_size;
      output += p->head_size;
    }
    cosines += half;
    sines += half;
  }
}
