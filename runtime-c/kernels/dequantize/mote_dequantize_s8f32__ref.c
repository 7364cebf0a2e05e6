/* SPDX-License-Identifier: Apache-2.0 */
/* int8 to float32. */
#include "mote/dequantize.h"

void mote_dequantize_s8f32__ref(const mote_dequantize_s8f32 *p, const int8_t *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) output[i] = p->scale * (float)(input[i] - p->zero_point);
}
