/* SPDX-License-Identifier: Apache-2.0 */
/* float32 GRU. */
#include "mote/gru.h"

enum { UPDATE = 0, RESET = 1, CANDIDATE = 2 };

static float activate(const mote_gru_f32 *p, int32_t which, float x) {
  return mote_cell_activation(p->kind[which], p->alpha[which], p->beta[which], mote_cell_clip(x, p->gate_clip));
}

static float product(const mote_gru_f32 *p, int32_t row, float from, const float *x) {
  return mote_cell_dot(from, p->weights + row * p->s.inputs, x, p->s.inputs);
}

/* One step of one sequence of the batch. */
static void step(const mote_gru_f32 *p, const float *x, float *h, float *y, float *update, float *reset, float *candidate) {
  const int32_t n = p->s.hidden;
  for (int32_t i = 0; i < n; i++) {
    const float sum = product(p, i, p->bias[i] + p->bias[3 * n + i], x);
    const float other = product(p, n + i, p->bias[n + i] + p->bias[4 * n + i], x);
    update[i] = activate(p, 0, mote_cell_dot(sum, p->recurrent + i * n, h, n));
    reset[i] = activate(p, 0, mote_cell_dot(other, p->recurrent + (n + i) * n, h, n));
  }
  if (!p->reset_after) {
    for (int32_t i = 0; i < n; i++) reset[i] *= h[i];
  }
  for (int32_t i = 0; i < n; i++) {
    const int32_t row = CANDIDATE * n + i;
    const float sum = product(p, row, p->bias[row], x);
    const float again = mote_cell_dot(p->bias[3 * n + row], p->recurrent + row * n, p->reset_after ? h : reset, n);
    candidate[i] = activate(p, 1, sum + (p->reset_after ? reset[i] * again : again));
  }
  for (int32_t i = 0; i < n; i++) {
    h[i] = (1.0f - update[i]) * candidate[i] + update[i] * h[i];
    y[i] = h[i];
  }
}

void mote_gru_f32__ref(const mote_gru_f32 *p, const float *input, const float *hidden, float *output, float *new_hidden,
                       uint8_t *scratch) {
  float *gates = (float *)(void *)scratch;
  const int32_t n = p->s.hidden;
  mote_cell_begin_f32(new_hidden, hidden, p->given_hidden, p->s.batch * n);
  for (int32_t t = 0; t < p->s.steps; t++) {
    const int32_t time = p->s.reverse ? p->s.steps - 1 - t : t;
    for (int32_t b = 0; b < p->s.batch; b++) {
      step(p, input + time * p->s.input_time + b * p->s.input_batch, new_hidden + b * n,
           output + time * p->s.output_time + b * p->s.output_batch, gates + UPDATE * n, gates + RESET * n,
           gates + CANDIDATE * n);
    }
  }
}
