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

#endif
