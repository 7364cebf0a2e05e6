/* SPDX-License-Identifier: Apache-2.0 */
/* Each output pixel is a sum over row_taps rows of sums over column_taps columns, with weights. `rows` and `columns` have that
 * many sources for each output row and column. The output must not overlap the input. */
#ifndef MOTE_RESIZEFILTER_H
#define MOTE_RESIZEFILTER_H

#include <stdint.h>

typedef struct {
  int32_t in_w, channels, out_h, out_w, row_taps, column_taps;
  const int32_t *rows;
  const float *row_weights;
  const int32_t *columns;
  const float *column_weights;
} mote_resizefilter_f32;

void mote_resizefilter_f32__ref(const mote_resizefilter_f32 *p, const float *input, float *output);

/* Weights have ten bits behind the point; the output has the input's scale. */
typedef struct {
  int32_t in_w, channels, out_h, out_w, row_taps, column_taps, zero_point;
  const int32_t *rows;
  const int32_t *row_weights;
  const int32_t *columns;
  const int32_t *column_weights;
} mote_resizefilter_s8;

void mote_resizefilter_s8__ref(const mote_resizefilter_s8 *p, const int8_t *input, int8_t *output);

/* Weights have ten bits behind the point; the output has the input's scale. */
typedef struct {
  int32_t in_w, channels, out_h, out_w, row_taps, column_taps;
  const int32_t *rows;
  const int32_t *row_weights;
  const int32_t *columns;
  const int32_t *column_weights;
} mote_resizefilter_s16;

void mote_resizefilter_s16__ref(const mote_resizefilter_s16 *p, const int16_t *input, int16_t *output);

#endif
