/* SPDX-License-Identifier: Apache-2.0 */
/* Singular value decomposition filter (TensorFlow Lite's SVDF): each filter remembers what `memory` inferences gave, the
 * oldest first; `rank` filters make one output. new_state may be the buffer of state. */
#ifndef MOTE_SVDF_H
#define MOTE_SVDF_H

#include <stdint.h>

typedef struct {
  int32_t batch, inputs, filters, memory, rank;
  const float *features; /* filters x inputs */
  const float *times;    /* filters x memory */
  const float *bias;     /* filters / rank */
  float min, max;
} mote_svdf_f32;

void mote_svdf_f32__ref(const mote_svdf_f32 *p, const float *input, const float *state, float *output, float *new_state);

/* feature_bias and bias hold what the zero points of input and state add. */
typedef struct {
  int32_t batch, inputs, filters, memory, rank;
  const int8_t *features;
  const int32_t *feature_bias; /* per filter */
  const int16_t *times;
  const int32_t *bias;
  int32_t state_multiplier, state_shift, state_zero_point;
  int32_t multiplier, shift, output_zero_point;
  int32_t rounding;
  int32_t min, max;
} mote_svdf_s8s16;

void mote_svdf_s8s16__ref(const mote_svdf_s8s16 *p, const int8_t *input, const int16_t *state, int8_t *output,
                          int16_t *new_state);

typedef struct {
  int32_t batch, inputs, filters, memory, rank;
  const int8_t *features;
  const int32_t *feature_bias;
  const int8_t *times;
  const int32_t *bias;
  int32_t state_multiplier, state_shift, state_zero_point;
  int32_t multiplier, shift, output_zero_point;
  int32_t rounding;
  int32_t min, max;
} mote_svdf_s8s8;

void mote_svdf_s8s8__ref(const mote_svdf_s8s8 *p, const int8_t *input, const int8_t *state, int8_t *output,
                         int8_t *new_state);

#endif
