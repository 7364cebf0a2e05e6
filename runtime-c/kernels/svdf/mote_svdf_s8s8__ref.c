/* SPDX-License-Identifier: Apache-2.0 */
/* int8 SVDF with int8 state, as TensorFlow Lite Micro's reference kernel. */
#include "mote/requantize.h"
#include "mote/svdf.h"

/* Shifts a filter's memory by one inference and gives what all of it weighs. */
static int32_t filter(const mote_svdf_s8s8 *p, int32_t f, const int8_t *input, const int8_t *state, int8_t *new_state) {
  const int8_t *features = p->features + f * p->inputs;
  const int8_t *times = p->times + f * p->memory;
  int32_t sum = p->feature_bias[f];
  int32_t total = 0;
  for (int32_t i = 0; i < p->inputs; i++) sum += features[i] * input[i];
  for (int32_t i = 0; i + 1 < p->memory; i++) new_state[i] = state[i + 1];
  new_state[p->memory - 1] = (int8_t)mote_requantize_to(sum, p->state_multiplier, p->state_shift, p->rounding,
                                                      p->state_zero_point, INT8_MIN, INT8_MAX);
  for (int32_t i = 0; i < p->memory; i++) total = mote_wrap_add(total, times[i] * new_state[i]);
  return total;
}

void mote_svdf_s8s8__ref(const mote_svdf_s8s8 *p, const int8_t *input, const int8_t *state, int8_t *output,
                         int8_t *new_state) {
  const int32_t units = p->filters / p->rank;
  for (int32_t b = 0; b < p->batch; b++) {
    for (int32_t u = 0; u < units; u++) {
      int32_t sum = p->bias[u];
      for (int32_t r = 0; r < p->rank; r++) {
        sum = mote_wrap_add(sum, filter(p, u * p->rank + r, input, state, new_state));
        state += p->memory;
        new_state += p->memory;
      }
      *output++ = (int8_t)mote_requantize_to(sum, p->multiplier, p->shift, p->rounding, p->output_zero_point, p->min,
                                             p->max);
    }
    input += p->inputs;
  }
}
