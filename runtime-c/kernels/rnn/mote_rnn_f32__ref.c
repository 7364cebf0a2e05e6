/* SPDX-License-Identifier: Apache-2.0 */
/* float32 recurrent layer. */
#include "mote/rnn.h"

/* One step of one sequence of the batch. */
static void step(const mote_rnn_f32 *p, const float *x, float *h, float *y, float *sums) {
  const int32_t n = p->s.hidden;
  for (int32_t i = 0; i < n; i++) {
    const float sum = mote_cell_dot(p->bias[i], p->weights + i * p->s.inputs, x, p->s.inputs);
    sums[i] = mote_cell_dot(sum, p->recurrent + i * n, h, n);
  }
  for (int32_t i = 0; i < n; i++) {
    h[i] = mote_cell_activation(p->kind[0], p->alpha[0], p->beta[0], mote_cell_clip(sums[i], p->gate_clip));
    y[i] = h[i];
  }
}

void mote_rnn_f32__ref(const mote_rnn_f32 *p, const float *input, const float *hidden, float *output, float *new_hidden,
                       uint8_t *scratch) {
  float *sums = (float *)(void *)scratch;
  const int32_t n = p->s.hidden;
  mote_cell_begin_f32(new_hidden, hidden, p->given_hidden, p->s.batch * n);
  for (int32_t t = 0; t < p->s.steps; t++) {
    const int32_t time = p->s.reverse ? p->s.steps - 1 - t : t;
    for (int32_t b = 0; b < p->s.batch; b++) {
      step(p, input + time * p->s.input_time + b * p->s.input_batch, new_hidden + b * n,
           output + time * p->s.output_time + b * p->s.output_batch, sums);
    }
  }
}
