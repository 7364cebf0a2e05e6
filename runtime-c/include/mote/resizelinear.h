/* SPDX-License-Identifier: Apache-2.0 */
/* Each output pixel between two rows and two columns of the input; weights are the parts of the second ones. The output must
 * not overlap the input. */
#ifndef MOTE_RESIZELINEAR_H
#define MOTE_RESIZELINEAR_H

#include <stdint.h>

typedef struct {
  int32_t in_w, channels, out_h, out_w;
  const int32_t *rows;
  const int32_t *next_rows;
  const float *row_weights;
  const int32_t *columns;
  const int32_t *next_columns;
  const float *column_weights;
} mote_resizelinear_f32;

void mote_resizelinear_f32__ref(const mote_resizelinear_f32 *p, const float *input, float *output);

/* Weights from 0 to 1024; the output has the input's scale. */
typedef struct {
  int32_t in_w, channels, out_h, out_w;
  const int32_t *rows;
  const int32_t *next_rows;
  const int32_t *row_weights;
  const int32_t *columns;
  const int32_t *next_columns;
  const int32_t *column_weights;
} mote_resizelinear_s8;

void mote_resizelinear_s8__ref(const mote_resizelinear_s8 *p, const int8_t *input, int8_t *output);

/* Weights from 0 to 1024; the output has the input's scale. */
typedef struct {
  int32_t in_w, channels, out_h, out_w;
  const int32_t *rows;
  const int32_t *next_rows;
  const int32_t *row_weights;
  const int32_t *columns;
  const int32_t *next_columns;
  const int32_t *column_weights;
} mote_resizelinear_s16;

void mote_resizelinear_s16__ref(const mote_resizelinear_s16 *p, const int16_t *input, int16_t *output);

#endif
