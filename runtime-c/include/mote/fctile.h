/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer, many outputs at a time, so that an input is loaded once for all of them. */
#ifndef MOTE_FCTILE_H
#define MOTE_FCTILE_H

#include <stdint.h>

#include "mote/rv32_requantize.h"

typedef struct {
  int32_t rows, in_c, out_c;
  /* For every 16 channels: for every input: their weights. Then the channels that are left, one after the other. */
  const int8_t *weights;
  const int32_t *channels; /* 4 words each (rv32_requantize.h) */
  mote_rv32_output output;
} mote_fctile_s8s8;

void mote_fctile_s8s8__rv32_1x16(const mote_fctile_s8s8 *p, const int8_t *input, int8_t *output);

#endif
