/* SPDX-License-Identifier: Apache-2.0 */
/* Decision trees over rows of features. Node i is nodes[2 i] (head), nodes[2 i + 1] (jump) and values[i]. A head of 0 or more
 * compares the feature in its bits 0-11 with the value (bits 12-13: <=, <, ==; bit 14: NaN counts as true); where that is
 * true the next node follows, else the one `jump` further. A head below 0 adds the value to target `jump`; after -2 the next
 * node adds too. `aggregate`: sum, average, minimum, maximum. */
#ifndef MOTE_TREEENSEMBLE_H
#define MOTE_TREEENSEMBLE_H

#include <stdint.h>

typedef struct {
  int32_t rows, features, targets;
  int32_t trees;
  int32_t aggregate;
  const int16_t *nodes;
  const float *values;
  const int32_t *roots;
} mote_treeensemble_f32;

void mote_treeensemble_f32__ref(const mote_treeensemble_f32 *p, const float *input, float *output);

/* int8: thresholds are integers of the features, of which a head says <= or == alone; leaves are on one grid, and what they
 * aggregate to is rescaled. scratch: targets int32. */
typedef struct {
  int32_t rows, features, targets;
  int32_t trees;
  int32_t aggregate;
  const int16_t *nodes;
  const int32_t *values;
  const int32_t *roots;
  int32_t multiplier, shift; /* see requantize.h */
  int32_t output_zero_point;
  int32_t rounding;
} mote_treeensemble_s8;

void mote_treeensemble_s8__ref(const mote_treeensemble_s8 *p, const int8_t *input, int8_t *output, uint8_t *scratch);

typedef struct {
  int32_t rows, features, targets;
  int32_t trees;
  int32_t aggregate;
  const int16_t *nodes;
  const int32_t *values;
  const int32_t *roots;
  int32_t multiplier, shift; /* see requantize.h */
  int32_t output_zero_point;
  int32_t rounding;
} mote_treeensemble_s16;

void mote_treeensemble_s16__ref(const mote_treeensemble_s16 *p, const int16_t *input, int16_t *output, uint8_t *scratch);

#endif
