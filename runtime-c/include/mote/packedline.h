/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise convolutions of dwline.h and dwtaps.h with weights stored in few bits: all filters are decoded into the
 * scratch, in the order of the int8 kernel, once for all pixels. */
#ifndef MOTE_PACKEDLINE_H
#define MOTE_PACKEDLINE_H

#include <stdint.h>

#include "mote/dwline.h"
#include "mote/dwtaps.h"

/* The filters of channels in rows of bytes, bits as in packedweights.h. */
typedef struct {
  const uint8_t *codes;
  int32_t code_bytes, bits; /* of a row, of a code */
  const int8_t *table;      /* the weight of each code, to be multiplied by */
  int32_t table_step;       /* entries from one channel's table to the next; 0: one table */
  const uint8_t *scales;    /* of groups of taps, a byte each, or 0 */
  int32_t group_shift;      /* log2 of the taps of a group */
  int32_t groups;           /* of a channel */
} mote_line_filters;

typedef struct {
  mote_dwline_s8s8 layer; /* without weights */
  mote_line_filters filters;
  int32_t turned;      /* 1: lines are columns of the image */
  int32_t layer_bytes; /* of its scratch */
} mote_packedline_s8int;

typedef struct {
  mote_dwtaps_s8s8 layer;
  mote_line_filters filters;
  int32_t layer_bytes;
} mote_packedline_s8int_taps;

/* Scratch: layer_bytes, then a byte for each weight. */
void mote_packedline_s8int__rv32_3x3(const mote_packedline_s8int *p, const int8_t *input, int8_t *output, void *scratch);
void mote_packedline_s8int_taps__rv32_1x4(const mote_packedline_s8int_taps *p, const int8_t *input, int8_t *output,
                                          void *scratch);

#endif
