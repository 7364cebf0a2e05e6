/* SPDX-License-Identifier: Apache-2.0 */
/* float32 SVDF. */
#include "mote/svdf.h"

/* Shifts a filter's memory by one inference and gives what all of it weighs. */
static float filter(const mote_svdf_f32 *p, int32_t f, const float *input, const float *state, float *new_state) {
  const float *features = p->features + f * p->inputs;
  const float *times = p->times + f * p->memory;
  float sum = 0.0f;
  float total = 0.0f;
  for (int32_t i = 0; i < p->inputs; i++) sum += features[i] * input[i];
  for (int32_t i = 0; i + 1 < p->memory; i++) new_state[i] = state[i + 1];
  new_state[p->memory - 1] = sum;
  for (int32_t i = 0; i < p->memory; i++) total += times[i] * new_state[i];
  return total;
}

void mote_svdf_f32__ref(const mote_svdf_f32 *p, const float *input, const float *state, float *output, float *new_state) {
  const int32_t units = p->filters / p->rank;
  for (int32_t b = 0; b < p->batch; b++) {
    for (int32_t u = 0; u < units; u++) {
      float sum = p->bias[u];
      for (int32_t r = 0; r < p->rank; r++) {
        sum += filter(p, u * p->rank + r, input, state, new_state);
        state += p->memory;
        new_state += p->memory;
      }
      if (sum < p->min) sum = p->min;
      *output++ = sum > p->max ? p->max : sum;
    }
    input += p->inputs;
  }
}
