/* SPDX-License-Identifier: Apache-2.0 */
/* float32 thresholdedRelu: x above alpha, else 0. */
#include "mote/thresholdedrelu.h"

void mote_thresholdedrelu_f32__ref(const mote_thresholdedrelu_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = x > p->alpha ? x : 0.0f;
  }
}
