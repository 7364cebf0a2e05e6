/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layers on Helium, channel by channel, with weights that say which inputs they are multiplied with, or that
 * are entries of a table. A unit is 16 weights of one channel; its inputs are picked from a row that lies in the scratch,
 * zeros up to `depth`. Codes of units lie in rows of 16 bytes, a lane of a row for a lane of its units: of 8, 4, 2, 1 bits
 * one, two, four, eight units, the first one in the low bits; of 3 bits as in packedstream.h.
 *   palette: a unit for each 16 columns; codes are places in the table.
 *   sparse: n units for each 16 runs of m columns: of each run one weight, whose place in it is in `places`, of log2 m bits,
 *     in rows likewise; codes are two's complement of 4 or 8 bits.
 *   block: a unit has 16 / width blocks, whose columns divided by `width` are in `places`, one for each block.
 * Missing weights are 0, but for a palette's, whose inputs are. */
#ifndef MOTE_ROWFC_H
#define MOTE_ROWFC_H

#include <stdint.h>

typedef struct {
  int32_t rows, in_c, out_c;
  const uint8_t *codes;
  const uint8_t *places;  /* or 0 */
  const uint16_t *counts; /* block: units of each channel, or 0 */
  const uint8_t *scales;  /* block of 16 weights with a scale each, or 0 */
  const int8_t *table;    /* palette, or 0 */
  const int32_t *factors; /* as in planefc.h */
  int32_t bits;           /* of a code */
  int32_t place_bits;     /* sparse: of a place; block: 8, or 16 for places of two bytes, lower one first */
  int32_t width;          /* block: 4, 8 or 16 weights; sparse: m */
  int32_t each;           /* sparse: n */
  int32_t units;          /* of a channel but for block: whole rows of codes and places */
  int32_t table_step;     /* entries from one channel's table to the next; 0: one table */
  int32_t depth;
  int32_t left; /* as in planefc.h */
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_rowfc;

typedef mote_rowfc mote_rowfc_s8palette;
typedef mote_rowfc mote_rowfc_s8sparse;
typedef mote_rowfc mote_rowfc_s8block;

/* Scratch: depth bytes. */
void mote_rowfc_s8palette__mve(const mote_rowfc_s8palette *p, const int8_t *input, int8_t *output, void *scratch);
void mote_rowfc_s8sparse__mve(const mote_rowfc_s8sparse *p, const int8_t *input, int8_t *output, void *scratch);
void mote_rowfc_s8block__mve(const mote_rowfc_s8block *p, const int8_t *input, int8_t *output, void *scratch);

#endif
