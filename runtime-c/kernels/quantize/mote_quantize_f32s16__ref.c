/* SPDX-License-Identifier: Apache-2.0 */
/* float32 to int16. */
#include "mote/float.h"
#include "mote/quantize.h"
#include "mote/requantize.h"

void mote_quantize_f32s16__ref(const mote_quantize_f32s16 *p, const float *input, int16_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t value = mote_round_away(input[i] / p->scale) + p->zero_point;
    output[i] = (int16_t)mote_clamp(value, -32768, 32767);
  }
}
