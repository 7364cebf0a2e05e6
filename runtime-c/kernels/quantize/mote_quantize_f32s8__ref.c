/* SPDX-License-Identifier: Apache-2.0 */
/* float32 to int8. */
#include "mote/float.h"
#include "mote/quantize.h"
#include "mote/requantize.h"

void mote_quantize_f32s8__ref(const mote_quantize_f32s8 *p, const float *input, int8_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t value = mote_round_away(input[i] / p->scale) + p->zero_point;
    output[i] = (int8_t)mote_clamp(value, -128, 127);
  }
}
