/* SPDX-License-Identifier: Apache-2.0 */
/* Gated recurrent unit over a sequence. Rows of weights: update gate, reset gate, candidate. new_hidden may be the buffer
 * of hidden. */
#ifndef MOTE_GRU_H
#define MOTE_GRU_H

#include <stdint.h>

#include "mote/cell.h"

typedef struct {
  mote_sequence s;
  int32_t given_hidden;
  int32_t reset_after;    /* the reset gate meets the recurrent product, not the state */
  const float *weights;   /* 3 hidden x inputs */
  const float *recurrent; /* 3 hidden x hidden */
  const float *bias;      /* 3 hidden, then 3 hidden of the recurrent product */
  int32_t kind[2];        /* of the gates; of the candidate */
  float alpha[2], beta[2];
  float gate_clip;
} mote_gru_f32;

/* scratch: 3 hidden floats. */
void mote_gru_f32__ref(const mote_gru_f32 *p, const float *input, const float *hidden, float *output, float *new_hidden,
                       uint8_t *scratch);

/* int8 with a state of int16; the gates are sigmoid and tanh. */
typedef struct {
  mote_sequence s;
  int32_t given_hidden;
  int32_t reset_after;
  const int8_t *weights;   /* 3 hidden x inputs */
  const int8_t *recurrent; /* 3 hidden x hidden */
  const int32_t *bias;     /* 3 hidden, with what the input's zero point adds */
  const int32_t *recurrent_bias; /* 3 hidden */
  int32_t multiplier[3], shift[3]; /* per gate: sums over the input to Q3.12 */
  int32_t recurrent_multiplier[3], recurrent_shift[3]; /* sums over the state to Q3.12; see mote_requantize64 */
  int32_t state_multiplier, state_shift;   /* hidden to Q0.15 */
  int32_t hidden_multiplier, hidden_shift; /* Q0.15 to hidden */
  int32_t hidden_zero_point;
  int32_t rounding;
} mote_gru_s8s8;

/* scratch: (batch + 3) hidden int16. */
void mote_gru_s8s8__ref(const mote_gru_s8s8 *p, const int8_t *input, const int8_t *hidden, int8_t *output,
                        int8_t *new_hidden, uint8_t *scratch);

/* int16 without zero points. */
typedef struct {
  mote_sequence s;
  int32_t given_hidden;
  int32_t reset_after;
  const int8_t *weights;   /* 3 hidden x inputs */
  const int8_t *recurrent; /* 3 hidden x hidden */
  const int32_t *bias;     /* 3 hidden */
  const int32_t *recurrent_bias; /* 3 hidden */
  int32_t multiplier[3], shift[3]; /* per gate: sums over the input to Q3.12; see mote_requantize64 */
  int32_t recurrent_multiplier[3], recurrent_shift[3]; /* sums over the state to Q3.12; see mote_requantize64 */
  int32_t state_multiplier, state_shift;   /* hidden to Q0.15 */
  int32_t hidden_multiplier, hidden_shift; /* Q0.15 to hidden */
  int32_t rounding;
} mote_gru_s16s8;

/* scratch: as above. */
void mote_gru_s16s8__ref(const mote_gru_s16s8 *p, const int16_t *input, const int16_t *hidden, int16_t *output,
                        int16_t *new_hidden, uint8_t *scratch);

#endif
