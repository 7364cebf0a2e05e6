/* SPDX-License-Identifier: Apache-2.0 */
/* int8 clamp (ReLU and its kin), with a change of scale. */
#include "mote/clamp.h"
#include "mote/requantize.h"

void mote_clamp_s8__ref(const mote_clamp_s8 *p, const int8_t *input, int8_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = (int8_t)mote_requantize_to(input[i] - p->input_zero_point, p->multiplier, p->shift, p->rounding,
                                        p->output_zero_point, p->min, p->max);
  }
}
