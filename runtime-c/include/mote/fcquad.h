/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer with two channels in a register: one multiply gives two products, and the products of four inputs
 * are added before the halves are taken apart. For layers of which almost all weights are small. */
#ifndef MOTE_FCQUAD_H
#define MOTE_FCQUAD_H

#include <stdint.h>

#include "mote/rv32_requantize.h"

typedef struct {
  int32_t rows, in_c, out_c;
  /* For every 16 channels: for each of their groups of 4 inputs: for every 2 channels: two words of 4 bytes, a channel's
   * weights of 2 inputs in bytes 0 and 1, the other channel's in bytes 2 and 3, each plus 128. In a group, the absolute
   * weights of a channel sum to 255 at most: where they would not, the inputs have several groups with zeros between. */
  const int32_t *tiles;
  /* For every 16 channels: which inputs their groups begin with, as ranges (first, end) in steps of 4; end 0 is the last. */
  const int16_t *ranges;
  /* The weights of the channels that are left, one channel after the other. */
  const int8_t *rest;
  const int32_t *channels; /* 4 words each (rv32_requantize.h); less 2^15 for each group in the biases of tiled channels */
  mote_rv32_output output;
} mote_fcquad_s8s8;

void mote_fcquad_s8s8__rv32_1x16(const mote_fcquad_s8s8 *p, const int8_t *input, int8_t *output);

#endif
