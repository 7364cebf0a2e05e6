/* SPDX-License-Identifier: Apache-2.0 */
/* int8 GRU, its state in Q0.15 from step to step. */
#include "mote/cellgate.h"
#include "mote/gru.h"

/* A gate's sum over the input, in Q3.12. */
static int32_t from_input(const mote_gru_s8s8 *p, int32_t gate, int32_t row, const int8_t *x) {
  const int32_t sum = mote_dot_s8(p->bias[row], p->weights + row * p->s.inputs, x, p->s.inputs);
  return mote_saturate16(mote_requantize(sum, p->multiplier[gate], p->shift[gate], p->rounding));
}

/* A gate's sum over the state, in Q3.12. */
static int32_t from_state(const mote_gru_s8s8 *p, int32_t gate, int32_t row, const int16_t *h) {
  const int64_t sum = mote_dot_s16s8(p->recurrent_bias[row], p->recurrent + row * p->s.hidden, h, p->s.hidden);
  return mote_saturate16(mote_requantize64(sum, p->recurrent_multiplier[gate], p->recurrent_shift[gate]));
}

static void show(const mote_gru_s8s8 *p, const int16_t *h, int8_t *y) {
  for (int32_t i = 0; i < p->s.hidden; i++)
    y[i] = (int8_t)mote_requantize_to(h[i], p->hidden_multiplier, p->hidden_shift, p->rounding, p->hidden_zero_point,
                                      INT8_MIN, INT8_MAX);
}

/* a * b of Q0.15 and another format, in the other. */
static int32_t times(int32_t a, int32_t b) { return (a * b + (1 << 14)) >> 15; }

static int32_t gate(const mote_gru_s8s8 *p, int32_t which, int32_t row, const int8_t *x, const int16_t *h) {
  return mote_gate_sigmoid(3 * mote_saturate16(from_input(p, which, row, x) + from_state(p, which, row, h)));
}

/* One step of one sequence of the batch; `gates`: 3 hidden. */
static void step(const mote_gru_s8s8 *p, const int8_t *x, int16_t *h, int16_t *gates) {
  const int32_t n = p->s.hidden;
  int16_t *const update = gates;
  int16_t *const reset = gates + n;
  int16_t *const candidate = gates + 2 * n;
  for (int32_t i = 0; i < n; i++) {
    update[i] = (int16_t)gate(p, 0, i, x, h);
    const int32_t r = gate(p, 1, n + i, x, h);
    reset[i] = (int16_t)(p->reset_after ? r : times(r, h[i]));
  }
  for (int32_t i = 0; i < n; i++) {
    const int32_t row = 2 * n + i;
    const int32_t again = from_state(p, 2, row, p->reset_after ? h : reset);
    const int32_t added = p->reset_after ? times(reset[i], again) : again;
    candidate[i] = mote_gate_tanh(3 * mote_saturate16(from_input(p, 2, row, x) + added));
  }
  for (int32_t i = 0; i < n; i++)
    h[i] = mote_saturate16(((32768 - update[i]) * candidate[i] + update[i] * h[i] + (1 << 14)) >> 15);
}

void mote_gru_s8s8__ref(const mote_gru_s8s8 *p, const int8_t *input, const int8_t *hidden, int8_t *output,
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
