/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 3x3 convolution, channel multiplier 1, stride 1, pads of at most one: a channel at a time, along lines. A line
 * is a row or a column of the image, whichever is longer; steps say how far apart its elements and its neighbours are. */
#ifndef MOTE_DWLINE_H
#define MOTE_DWLINE_H

#include <stdint.h>

#include "mote/rv32_requantize.h"

typedef struct {
  int32_t in_c;
  int32_t in_lines, out_lines;
  int32_t pad_first; /* lines before the first: 0 or 1 */
  int32_t whole;     /* outputs of a line whose last tap lies inside */
  int32_t has_left;  /* 1: the first output's first tap lies outside */
  int32_t has_right; /* 1: one more output after the whole ones, whose last tap lies outside */
  int32_t in_step, in_line;   /* bytes from element to element, and from line to line */
  int32_t out_step, out_line;
  /* 1: the first line of a channel is kept in the scratch until the others are done, so that the outputs of a line that is
   * a column may lie over the column before it. Needs pad_first. */
  int32_t hold_first;
  int32_t input_zero_point;
  const int8_t *weights;   /* [channel][line][element] */
  const int32_t *channels; /* 4 words each (rv32_requantize.h) */
  mote_rv32_output output;
} mote_dwline_s8s8;

/* Scratch: a line of outputs where hold_first is set. */
void mote_dwline_s8s8__rv32_3x3(const mote_dwline_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

#endif
