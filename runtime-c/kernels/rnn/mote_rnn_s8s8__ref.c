/* SPDX-License-Identifier: Apache-2.0 */
/* int8 RNN, its state in Q0.15 from step to step. */
#include "mote/cellgate.h"
#include "mote/rnn.h"

/* A gate's sum over the input, in Q3.12. */
static int32_t from_input(const mote_rnn_s8s8 *p, int32_t gate, int32_t row, const int8_t *x) {
  const int32_t sum = mote_dot_s8(p->bias[row], p->weights + row * p->s.inputs, x, p->s.inputs);
  return mote_saturate16(mote_requantize(sum, p->multiplier[gate], p->shift[gate], p->rounding));
}

/* A gate's sum over the state, in Q3.12. */
static int32_t from_state(const mote_rnn_s8s8 *p, int32_t gate, int32_t row, const int16_t *h) {
  const int64_t sum = mote_dot_s16s8(0, p->recurrent + row * p->s.hidden, h, p->s.hidden);
  return mote_saturate16(mote_requantize64(sum, p->recurrent_multiplier[gate], p->recurrent_shift[gate]));
}

static void show(const mote_rnn_s8s8 *p, const int16_t *h, int8_t *y) {
  for (int32_t i = 0; i < p->s.hidden; i++)
    y[i] = (int8_t)mote_requantize_to(h[i], p->hidden_multiplier, p->hidden_shift, p->rounding, p->hidden_zero_point,
                                      INT8_MIN, INT8_MAX);
}

/* One step of one sequence of the batch; `next`: hidden. */
static void step(const mote_rnn_s8s8 *p, const int8_t *x, int16_t *h, int16_t *next) {
  const int32_t n = p->s.hidden;
  for (int32_t i = 0; i < n; i++)
    next[i] = mote_gate_tanh(3 * mote_saturate16(from_input(p, 0, i, x) + from_state(p, 0, i, h)));
  for (int32_t i = 0; i < n; i++) h[i] = next[i];
}

void mote_rnn_s8s8__ref(const mote_rnn_s8s8 *p, const int8_t *input, const int8_t *hidden, int8_t *output,
                         int8_t *new_hidden, uint8_t *scratch) {
  int16_t *const state = (int16_t *)(void *)scratch;
  const int32_t n = p->s.hidden;
  for (int32_t i = 0; i < p->s.batch * n; i++)
    state[i] = p->given_hidden ? mote_saturate16(mote_requantize(hidden[i] - p->hidden_zero_point, p->state_multiplier,
                                                                 p->state_shift, p->rounding))
                               : (int16_t)0;
  for (int32_t t = 0; t < p->s.steps; t++) {
    const int32_t time = p->s.reverse ? p->s.steps - 1 - t : t;
    for (int32_t b = 0; b < p->s.batch; b++) {
      step(p, input + time * p->s.input_time + b * p->s.input_batch, state + b * n, state + p->s.batch * n);
      show(p, state + b * n, output + time * p->s.output_time + b * p->s.output_batch);
    }
  }
  for (int32_t b = 0; b < p->s.batch; b++) show(p, state + b * n, new_hidden + b * n);
}
