/* SPDX-License-Identifier: Apache-2.0 */
/* int16 to float32. */
#include "mote/dequantize.h"

void mote_dequantize_s16f32__ref(const mote_dequantize_s16f32 *p, const int16_t *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) output[i] = p->scale * (float)(input[i] - p->zero_point);
}
