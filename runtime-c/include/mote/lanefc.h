/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layers on RVV with weights of few bits that no pixels share: codes are multiplied where they are, several
 * channels in one byte. Nothing depends on the vector length.
 *
 * A code is unsigned: the weight plus half the range of its bits (binary: 1 for -1). Columns come in parts: those that share
 * scales, or all. A part has one or two planes, a plane a row of bytes for each column. With b bits to a code there are
 * 8 / b of them in a byte and n = ceil(out_c b / 8) bytes in a row: byte i has the codes of channels i, i + n, i + 2 n ...,
 * from the highest bits down. int4 is one plane of 4 bits, int2 and ternary are one of 2, binary is one of 1; int6 is a
 * plane of the high 4 bits, then one of the low 2; int3 is one of the low 2 bits, then one of the highest. */
#ifndef MOTE_LANEFC_H
#define MOTE_LANEFC_H

#include <stdint.h>

typedef struct {
  int32_t rows, in_c, out_c;
  const uint8_t *codes;
  const uint8_t *scales;           /* less one, four bits, a byte of each channel for each two parts; or 0 */
  const uint16_t *outlier_starts;  /* entries before each channel, or 0 */
  const uint16_t *outlier_columns;
  const int8_t *outlier_amounts;   /* what is added to the weight */
  int32_t part;                    /* columns of a part but for the last one */
  const int32_t *plane_bits;       /* of two planes; 0: no second one */
  const int32_t *plane_factor;     /* what a code of the plane counts */
  int32_t offset;                  /* what all codes have too much */
  const int32_t *bias;
  const int32_t *multiplier; /* see rvv_rescale.h */
  const int16_t *shift;
  int32_t pre_shift, zero_shifts;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_lanefc;

typedef mote_lanefc mote_lanefc_s8int;
typedef mote_lanefc mote_lanefc_s8ternary;
typedef mote_lanefc mote_lanefc_s8binary;

/* Scratch: two words for each channel. */
void mote_lanefc_s8int__rvv(const mote_lanefc_s8int *p, const int8_t *input, int8_t *output, void *scratch);
void mote_lanefc_s8ternary__rvv(const mote_lanefc_s8ternary *p, const int8_t *input, int8_t *output, void *scratch);
void mote_lanefc_s8binary__rvv(const mote_lanefc_s8binary *p, const int8_t *input, int8_t *output, void *scratch);

#endif
