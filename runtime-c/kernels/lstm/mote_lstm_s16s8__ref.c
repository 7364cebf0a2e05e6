/* SPDX-License-Identifier: Apache-2.0 */
/* int16 LSTM with int8 weights, as TensorFlow Lite Micro's reference kernel. */
#include "mote/cellgate.h"
#include "mote/lstm.h"

enum { INPUT = 0, FORGET = 1, CELL = 2, OUTPUT = 3 };

/* The four sums of each cell in Q3.12. */
static void gates(const mote_lstm_s16s8 *p, const int16_t *x, const int16_t *h, int16_t *sums) {
  const int32_t n = p->s.hidden;
  for (int32_t gate = 0; gate < 4; gate++) {
    for (int32_t i = 0; i < n; i++) {
      const int32_t row = gate * n + i;
      const int64_t sum = mote_dot_s16s8(p->bias[row], p->weights + row * p->s.inputs, x, p->s.inputs);
      const int64_t again = mote_dot_s16s8(0, p->recurrent + row * n, h, n);
      const int32_t a = mote_saturate16(mote_requantize64(sum, p->multiplier[gate], p->shift[gate]));
      const int32_t b = mote_saturate16(mote_requantize64(again, p->recurrent_multiplier[gate], p->recurrent_shift[gate]));
      sums[row] = mote_saturate16(a + b);
    }
  }
}

/* One step of one sequence of the batch. */
static void step(const mote_lstm_s16s8 *p, const int16_t *x, int16_t *h, int16_t *c, int16_t *y, int16_t *sums) {
  const int32_t n = p->s.hidden;
  gates(p, x, h, sums);
  for (int32_t i = 0; i < n; i++) {
    const int32_t in = mote_gate_sigmoid(3 * sums[INPUT * n + i]);
    const int32_t forget = mote_gate_sigmoid(3 * sums[FORGET * n + i]);
    const int32_t candidate = mote_gate_tanh(3 * sums[CELL * n + i]);
    const int32_t out = mote_gate_sigmoid(3 * sums[OUTPUT * n + i]);
    const int32_t kept = mote_saturate16(mote_requantize(forget * c[i], p->forget_multiplier, p->forget_shift, p->rounding));
    const int32_t added = mote_saturate16(mote_requantize(in * candidate, p->input_multiplier, p->input_shift, p->rounding));
    c[i] = (int16_t)mote_clamp(mote_saturate16(kept + added), p->cell_low, p->cell_high);
    const int32_t shown = mote_gate_tanh(mote_gate_scale(c[i], p->tanh_factor, p->tanh_shift));
    h[i] = (int16_t)mote_requantize_to(out * shown, p->hidden_multiplier, p->hidden_shift, p->rounding, 0, INT16_MIN, INT16_MAX);
    y[i] = h[i];
  }
}

void mote_lstm_s16s8__ref(const mote_lstm_s16s8 *p, const int16_t *input, const int16_t *hidden, const int16_t *cell,
                          int16_t *output, int16_t *new_hidden, int16_t *new_cell, uint8_t *scratch) {
  int16_t *sums = (int16_t *)(void *)scratch;
  const int32_t n = p->s.hidden;
  mote_cell_begin_s16(new_hidden, hidden, p->given_hidden, p->s.batch * n);
  mote_cell_begin_s16(new_cell, cell, p->given_cell, p->s.batch * n);
  for (int32_t t = 0; t < p->s.steps; t++) {
    const int32_t time = p->s.reverse ? p->s.steps - 1 - t : t;
    for (int32_t b = 0; b < p->s.batch; b++) {
      step(p, input + time * p->s.input_time + b * p->s.input_batch, new_hidden + b * n, new_cell + b * n,
           output + time * p->s.output_time + b * p->s.output_batch, sums);
    }
  }
}
