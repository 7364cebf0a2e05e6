/* SPDX-License-Identifier: Apache-2.0 */
/* Long short-term memory over a sequence. Rows of weights, recurrent weights and biases: input gate, forget gate, cell
 * gate, output gate, `hidden` each. new_hidden may be the buffer of hidden, new_cell that of cell. */
#ifndef MOTE_LSTM_H
#define MOTE_LSTM_H

#include <stdint.h>

#include "mote/cell.h"

typedef struct {
  mote_sequence s;
  int32_t given_hidden, given_cell; /* 0: they begin at zero, whatever the pointers are */
  const float *weights;             /* 4 hidden x inputs */
  const float *recurrent;           /* 4 hidden x hidden */
  const float *bias;                /* 4 hidden */
  const float *peephole;            /* 3 hidden (input, forget, output), or 0 */
  int32_t kind[3];                  /* of input, forget and output gate; of the cell gate; of the cell */
  float alpha[3], beta[3];
  float gate_clip, cell_clip;
} mote_lstm_f32;

/* scratch: 4 hidden floats. */
void mote_lstm_f32__ref(const mote_lstm_f32 *p, const float *input, const float *hidden, const float *cell,
                        float *output, float *new_hidden, float *new_cell, uint8_t *scratch);

/* bias and recurrent_bias hold what the zero points of input and hidden state add. Multipliers per gate: sums to Q3.12. */
typedef struct {
  mote_sequence s;
  int32_t given_hidden, given_cell;
  const int8_t *weights;
  const int8_t *recurrent;
  const int32_t *bias;
  const int32_t *recurrent_bias;
  int32_t multiplier[4], shift[4];
  int32_t recurrent_multiplier[4], recurrent_shift[4];
  int32_t forget_multiplier, forget_shift; /* forget gate times cell to cell */
  int32_t input_multiplier, input_shift;   /* input gate times cell gate to cell */
  int32_t hidden_multiplier, hidden_shift; /* output gate times tanh of the cell to hidden state */
  int32_t hidden_zero_point;
  int32_t tanh_factor, tanh_shift; /* cell to the table's steps */
  int32_t cell_low, cell_high;
  int32_t rounding;
} mote_lstm_s8s8;

/* scratch: 4 hidden int16. */
void mote_lstm_s8s8__ref(const mote_lstm_s8s8 *p, const int8_t *input, const int8_t *hidden, const int16_t *cell,
                         int8_t *output, int8_t *new_hidden, int16_t *new_cell, uint8_t *scratch);

/* int16 activations: sums of 64 bits. */
typedef struct {
  mote_sequence s;
  int32_t given_hidden, given_cell;
  const int8_t *weights;
  const int8_t *recurrent;
  const int64_t *bias;
  int32_t multiplier[4], shift[4];
  int32_t recurrent_multiplier[4], recurrent_shift[4];
  int32_t forget_multiplier, forget_shift;
  int32_t input_multiplier, input_shift;
  int32_t hidden_multiplier, hidden_shift;
  int32_t tanh_factor, tanh_shift;
  int32_t cell_low, cell_high;
  int32_t rounding;
} mote_lstm_s16s8;

void mote_lstm_s16s8__ref(const mote_lstm_s16s8 *p, const int16_t *input, const int16_t *hidden, const int16_t *cell,
                          int16_t *output, int16_t *new_hidden, int16_t *new_cell, uint8_t *scratch);

#endif
