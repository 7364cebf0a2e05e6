/* SPDX-License-Identifier: Apache-2.0 */
/* float32 leaky ReLU. */
#include "mote/leakyrelu.h"

void mote_leakyrelu_f32__ref(const mote_leakyrelu_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) output[i] = input[i] > 0.0f ? input[i] : input[i] * p->alpha;
}
