/* SPDX-License-Identifier: Apache-2.0 */
/* Plain recurrent layer over a sequence. new_hidden may be the buffer of hidden. */
#ifndef MOTE_RNN_H
#define MOTE_RNN_H

#include <stdint.h>

#include "mote/cell.h"

typedef struct {
  mote_sequence s;
  int32_t given_hidden;
  const float *weights;   /* hidden x inputs */
  const float *recurrent; /* hidden x hidden */
  const float *bias;      /* hidden */
  int32_t kind[1];
  float alpha[1], beta[1];
  float gate_clip;
} mote_rnn_f32;

/* scratch: hidden floats. */
void mote_rnn_f32__ref(const mote_rnn_f32 *p, const float *input, const float *hidden, float *output, float *new_hidden,
                       uint8_t *scratch);

/* int8 with a state of int16; the activation is tanh. */
typedef struct {
  mote_sequence s;
  int32_t given_hidden;
  const int8_t *weights;   /* 1 hidden x inputs */
  const int8_t *recurrent; /* 1 hidden x hidden */
  const int32_t *bias;     /* 1 hidden, with what the input's zero point adds */
  int32_t multiplier[1], shift[1]; /* per gate: sums over the input to Q3.12 */
  int32_t recurrent_multiplier[1], recurrent_shift[1]; /* sums over the state to Q3.12; see mote_requantize64 */
  int32_t state_multiplier, state_shift;   /* hidden to Q0.15 */
  int32_t hidden_multiplier, hidden_shift; /* Q0.15 to hidden */
  int32_t hidden_zero_point;
  int32_t rounding;
} mote_rnn_s8s8;

/* scratch: (batch + 1) hidden int16. */
void mote_rnn_s8s8__ref(const mote_rnn_s8s8 *p, const int8_t *input, const int8_t *hidden, int8_t *output,
                        int8_t *new_hidden, uint8_t *scratch);

/* int16 without zero points. */
typedef struct {
  mote_sequence s;
  int32_t given_hidden;
  const int8_t *weights;   /* 1 hidden x inputs */
  const int8_t *recurrent; /* 1 hidden x hidden */
  const int32_t *bias;     /* 1 hidden */
  int32_t multiplier[1], shift[1]; /* per gate: sums over the input to Q3.12; see mote_requantize64 */
  int32_t recurrent_multiplier[1], recurrent_shift[1]; /* sums over the state to Q3.12; see mote_requantize64 */
  int32_t state_multiplier, state_shift;   /* hidden to Q0.15 */
  int32_t hidden_multiplier, hidden_shift; /* Q0.15 to hidden */
  int32_t rounding;
} mote_rnn_s16s8;

/* scratch: as above. */
void mote_rnn_s16s8__ref(const mote_rnn_s16s8 *p, const int16_t *input, const int16_t *hidden, int16_t *output,
                        int16_t *new_hidden, uint8_t *scratch);

#endif
