/* SPDX-License-Identifier: Apache-2.0 */
/* float32 softmax. */
#include "mote/softmax.h"

#include "mote/float.h"

static void row_softmax(const mote_softmax_f32 *p, const float *input, float *output) {
  float max = input[0];
  float sum = 0.0f;
  for (int32_t i = 1; i < p->depth; i++) {
    if (input[i] > max) max = input[i];
  }
  for (int32_t i = 0; i < p->depth; i++) {
    output[i] = mote_expf((input[i] - max) * p->beta);
    sum += output[i];
  }
  for (int32_t i = 0; i < p->depth; i++) output[i] = output[i] / sum;
}

void mote_softmax_f32__ref(const mote_softmax_f32 *p, const float *input, float *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    row_softmax(p, input, output);
    input += p->depth;
    output += p->depth;
  }
}
