/* SPDX-License-Identifier: Apache-2.0 */
/* float32 1 / (1 + exp(-x)). */
#include "mote/logistic.h"

#include "mote/float.h"

void mote_logistic_f32__ref(const mote_logistic_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) output[i] = mote_logisticf(input[i]);
}
