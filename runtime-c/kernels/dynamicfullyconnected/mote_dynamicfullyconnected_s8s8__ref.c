/* SPDX-License-Identifier: Apache-2.0 */
#include "mote/dynamicfullyconnected.h"

void mote_dynamicfullyconnected_s8s8__ref(const mote_dynamicfullyconnected_s8s8 *p, const int8_t *input,
                                          const float *input_scales, float *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    const int8_t *w = p->weights;
    for (int32_t c = 0; c < p->out_c; c++) {
      int32_t sum = 0;
      for (int32_t i = 0; i < p->in_c; i++) sum += input[i] * *w++;
      *output++ = (float)sum * (p->scales[c] * input_scales[r]);
    }
    input += p->in_c;
  }
}
