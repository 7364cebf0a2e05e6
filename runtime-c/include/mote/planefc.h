/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layers on Helium with weights of few bits that no pixels share: codes are multiplied where they are,
 * several channels in one byte.
 *
 * The weights of eight channels are one group (missing channels have any code). Their columns come in parts: those that
 * share scales, or all. A part is one or two planes, each of which has, for each 16 columns, rows of 16 bytes, a byte for
 * each column:
 *   nibbles: four rows; row k has channel k in the high bits, k + 4 in the low ones;
 *   crumbs: two rows; row j has channels j, j + 4, j + 2, j + 6, two bits each, from the highest down;
 *   bits: one row; channel k in bit 7 - k.
 * int4 is nibbles, int2 and ternary are crumbs, binary is bits (set for -1); int6 is nibbles of the high four bits, then
 * crumbs; int3 is crumbs of the low two bits, then bits of the highest. Codes are unsigned, those of int and ternary with
 * half their range added, but for what is highest in a byte of nibbles or crumbs: that is two's complement.
 * Trits: for each 80 columns eight rows, one for each channel; a byte has columns i, i + 16, ... i + 64 as in
 * packedstream.h. */
#ifndef MOTE_PLANEFC_H
#define MOTE_PLANEFC_H

#include <stdint.h>

typedef struct {
  int32_t rows, in_c, out_c;
  const uint8_t *codes;
  const uint8_t *scales;           /* less one, of each group for each part four bytes: channel k low in byte k, k + 4 high; or 0 */
  const int32_t *factors;          /* of each group bias, multiplier, shift of its channels (conv2d.h) */
  const uint16_t *outlier_starts;  /* entries before each channel, or 0 */
  const uint16_t *outlier_columns;
  const int8_t *outlier_amounts;   /* what is added to the weight */
  int32_t bits;
  int32_t depth;                   /* columns with those that are missing: whole blocks */
  int32_t part;                    /* columns of a part but for the last one */
  int32_t left;                    /* single rounding: by how many bits sums are shifted before they are rescaled */
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_planefc;

typedef mote_planefc mote_planefc_s8int;
typedef mote_planefc mote_planefc_s8ternary;
typedef mote_planefc mote_planefc_s8trits;
typedef mote_planefc mote_planefc_s8binary;

/* Scratch: depth bytes and four for each part. */
void mote_planefc_s8int__mve(const mote_planefc_s8int *p, const int8_t *input, int8_t *output, void *scratch);
void mote_planefc_s8ternary__mve(const mote_planefc_s8ternary *p, const int8_t *input, int8_t *output, void *scratch);
void mote_planefc_s8trits__mve(const mote_planefc_s8trits *p, const int8_t *input, int8_t *output, void *scratch);
void mote_planefc_s8binary__mve(const mote_planefc_s8binary *p, const int8_t *input, int8_t *output, void *scratch);

#endif
