/* SPDX-License-Identifier: Apache-2.0 */
/* Change of scale, int16 to int32. */
#include "mote/quantize.h"
#include "mote/requantize.h"

void mote_quantize_s16s32__ref(const mote_quantize_s16s32 *p, const int16_t *input, int32_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = mote_requantize_to(input[i] - p->input_zero_point, p->multiplier, p->shift, p->rounding,
                                   p->output_zero_point, INT32_MIN, INT32_MAX);
  }
}
