/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 2-D convolution for cores without SIMD, any window, stride, dilation, padding and channel multiplier. A band
 * of one channel is gathered in scratch with its padding, and its lines of outputs are summed from there. A line runs
 * along whichever axis of the image leaves fewer pixels over. Its columns are sorted by their remainder modulo the stride
 * along it, so that the same tap of neighbouring outputs is in neighbouring places. Input and output as in
 * depthwiseconv2d.h. */
#ifndef MOTE_DWBLOCK_H
#define MOTE_DWBLOCK_H

#include <stdint.h>

#include "mote/block_finish.h"

typedef struct {
  int32_t out_c, channel_multiplier;
  int32_t lines, columns;       /* of outputs: across and along a line */
  int32_t out_line, out_column; /* output elements from line to line, and along a line */
  int32_t in_lines;             /* of the image */
  int32_t in_columns;           /* of the image that some window reaches */
  int32_t in_line, in_column;   /* input elements from one to the next */
  int32_t pad_lines;            /* before the image */
  int32_t line_stride;          /* image lines from a line of outputs to the next */
  int32_t line_span;            /* image lines that a line of outputs needs, with those between its taps */
  int32_t band;                 /* lines of outputs at a time */
  int32_t gathered;             /* places of a gathered line */
  int32_t phases;               /* the stride along a line */
  int32_t first_phase;          /* of the image's first column */
  const int16_t *phase_start;   /* for each phase, where the image's first column of it is in a gathered line */
  const int16_t *taps;          /* for each tap, where it is from the first one; a multiple of 3 of them */
  int32_t tap_count;
  int32_t square;               /* 1: 3 x 3 taps of neighbouring columns, their lines side by side */
  const int8_t *weights;        /* [out_c][tap_count], filled up with 0 */
  const int32_t *channels;      /* four words each (block_finish.h) */
  int32_t input_zero_point;     /* what taps outside the image read */
  mote_block_output output;
} mote_dwblock_s16s8;

typedef mote_dwblock_s16s8 mote_dwblock_s8s8;

/* Scratch: 4 bytes for each column of outputs and 8 for each tap, then 2 bytes for each place of the gathered lines of a
 * band; columns are rounded up to 4. */
void mote_dwblock_s16s8__rv32_1x4(const mote_dwblock_s16s8 *p, const int16_t *input, int16_t *output, void *scratch);
void mote_dwblock_s8s8__rv32_1x4(const mote_dwblock_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);
void mote_dwblock_s16s8__thumb_1x4(const mote_dwblock_s16s8 *p, const int16_t *input, int16_t *output, void *scratch);
void mote_dwblock_s8s8__thumb_1x4(const mote_dwblock_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

#endif
