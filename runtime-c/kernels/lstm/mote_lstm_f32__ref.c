/* SPDX-License-Identifier: Apache-2.0 */
/* float32 LSTM. */
#include "mote/lstm.h"

enum { INPUT = 0, FORGET = 1, CELL = 2, OUTPUT = 3 };

static float activate(const mote_lstm_f32 *p, int32_t which, float x) {
  return mote_cell_activation(p->kind[which], p->alpha[which], p->beta[which], mote_cell_clip(x, p->gate_clip));
}

/* One step of one sequence of the batch. */
static void step(const mote_lstm_f32 *p, const float *x, float *h, float *c, float *y, float *sums) {
  const int32_t n = p->s.hidden;
  for (int32_t row = 0; row < 4 * n; row++) {
    const float sum = mote_cell_dot(p->bias[row], p->weights + row * p->s.inputs, x, p->s.inputs);
    sums[row] = mote_cell_dot(sum, p->recurrent + row * n, h, n);
  }
  for (int32_t i = 0; i < n; i++) {
    float in = sums[INPUT * n + i];
    float forget = sums[FORGET * n + i];
    float out = sums[OUTPUT * n + i];
    if (p->peephole != 0) {
      in += p->peephole[i] * c[i];
      forget += p->peephole[n + i] * c[i];
    }
    const float kept = activate(p, 0, forget) * c[i];
    const float added = activate(p, 0, in) * activate(p, 1, sums[CELL * n + i]);
    c[i] = mote_cell_clip(kept + added, p->cell_clip);
    if (p->peephole != 0) out += p->peephole[2 * n + i] * c[i];
    h[i] = activate(p, 0, out) * mote_cell_activation(p->kind[2], p->alpha[2], p->beta[2], c[i]);
    y[i] = h[i];
  }
}

void mote_lstm_f32__ref(const mote_lstm_f32 *p, const float *input, const float *hidden, const float *cell,
                        float *output, float *new_hidden, float *new_cell, uint8_t *scratch) {
  float *sums = (float *)(void *)scratch;
  const int32_t n = p->s.hidden;
  mote_cell_begin_f32(new_hidden, hidden, p->given_hidden, p->s.batch * n);
  mote_cell_begin_f32(new_cell, cell, p->given_cell, p->s.batch * n);
  for (int32_t t = 0; t < p->s.steps; t++) {
    const int32_t time = p->s.reverse ? p->s.steps - 1 - t : t;
    for (int32_t b = 0; b < p->s.batch; b++) {
      step(p, input + time * p->s.input_time + b * p->s.input_batch, new_hidden + b * n, new_cell + b * n,
           output + time * p->s.output_time + b * p->s.output_batch, sums);
    }
  }
}
