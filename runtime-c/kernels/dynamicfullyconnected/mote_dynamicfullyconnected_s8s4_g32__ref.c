/* SPDX-License-Identifier: Apache-2.0 */
#include "mote/dynamicfullyconnected.h"

static int32_t group_sum(const mote_dynamicfullyconnected_s8s4_g32 *p, const int8_t *input, int32_t row, int32_t group) {
  const int32_t at = row * p->groups + group;
  const int32_t first = group * 32;
  const int32_t count = p->in_c - first < 32 ? p->in_c - first : 32;
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) {
    const uint32_t word = (uint32_t)p->codes[at * 4 + (i >> 3)];
    const int32_t code = (int32_t)((word >> (4 * (i & 7))) & 15u);
    sum += input[first + i] * (code - p->zeros[at]);
  }
  return sum * p->group_scales[at];
}

void mote_dynamicfullyconnected_s8s4_g32__ref(const mote_dynamicfullyconnected_s8s4_g32 *p, const int8_t *input,
                                              const float *input_scales, float *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    for (int32_t c = 0; c < p->out_c; c++) {
      int32_t sum = 0;
      for (int32_t g = 0; g < p->groups; g++) sum += group_sum(p, input, c, g);
      *output++ = (float)sum * (p->scales[c] * input_scales[r]);
    }
    input += p->in_c;
  }
}
