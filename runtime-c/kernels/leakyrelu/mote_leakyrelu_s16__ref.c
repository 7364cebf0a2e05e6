/* SPDX-License-Identifier: Apache-2.0 */
/* int16 leaky ReLU. */
#include "mote/leakyrelu.h"
#include "mote/requantize.h"

void mote_leakyrelu_s16__ref(const mote_leakyrelu_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t x = input[i] - p->input_zero_point;
    const int32_t multiplier = x >= 0 ? p->positive_multiplier : p->negative_multiplier;
    const int32_t shift = x >= 0 ? p->positive_shift : p->negative_shift;
    output[i] = (int16_t)mote_requantize_to(x, multiplier, shift, p->rounding, p->output_zero_point, -32768, 32767);
  }
}
