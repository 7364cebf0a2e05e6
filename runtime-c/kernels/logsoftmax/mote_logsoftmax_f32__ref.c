/* SPDX-License-Identifier: Apache-2.0 */
/* float32 log-softmax. */
#include "mote/logsoftmax.h"

#include "mote/floatmath.h"

static void row_logsoftmax(int32_t depth, const float *x, float *y) {
  float max = x[0];
  float sum = 0.0f;
  for (int32_t i = 1; i < depth; i++) {
    if (x[i] > max) max = x[i];
  }
  for (int32_t i = 0; i < depth; i++) sum += mote_expf(x[i] - max);
  const float log = mote_logf(sum);
  for (int32_t i = 0; i < depth; i++) y[i] = (x[i] - max) - log;
}

void mote_logsoftmax_f32__ref(const mote_logsoftmax_f32 *p, const float *input, float *output) {
  for (int32_t r = 0; r < p->rows; r++) row_logsoftmax(p->depth, input + r * p->depth, output + r * p->depth);
}
