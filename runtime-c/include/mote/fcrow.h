/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer, one output at a time: a small kernel for layers of few outputs. */
#ifndef MOTE_FCROW_H
#define MOTE_FCROW_H

#include <stdint.h>

#include "mote/rv32_requantize.h"

typedef struct {
  int32_t rows, in_c, out_c;
  const int8_t *weights;   /* [out_c][in_c] */
  const int32_t *channels; /* 4 words each (rv32_requantize.h) */
  mote_rv32_output output;
} mote_fcrow_s8s8;

/* Sum and products of n >= 0 inputs and weights. */
static inline int32_t mote_fcrow_dot(const int8_t *x, const int8_t *w, int32_t n, int32_t sum) {
  for (; n >= 4; n -= 4, x += 4, w += 4) sum += x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3];
  for (; n > 0; n--) sum += *x++ * *w++;
  return sum;
}

void mote_fcrow_s8s8__rv32(const mote_fcrow_s8s8 *p, const int8_t *input, int8_t *output);

#endif
