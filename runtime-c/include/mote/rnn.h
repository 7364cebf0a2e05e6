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

#endif
