/* SPDX-License-Identifier: Apache-2.0 */
/* What the recurrent layers share: how they walk through a sequence, and the functions of their gates. */
#ifndef MOTE_CELL_H
#define MOTE_CELL_H

#include <stdint.h>

#include "mote/float.h"

/* Element (time, batch, i) of input and output lies at time * *_time + batch * *_batch + i. */
typedef struct {
  int32_t steps, batch, inputs, hidden;
  int32_t reverse; /* from the last step to the first */
  int32_t input_time, input_batch, output_time, output_batch;
} mote_sequence;

enum {
  MOTE_CELL_SIGMOID = 0,
  MOTE_CELL_TANH = 1,
  MOTE_CELL_RELU = 2,
  MOTE_CELL_AFFINE = 3,
  MOTE_CELL_LEAKY_RELU = 4,
  MOTE_CELL_THRESHOLDED_RELU = 5,
  MOTE_CELL_SCALED_TANH = 6,
  MOTE_CELL_HARD_SIGMOID = 7,
  MOTE_CELL_ELU = 8,
  MOTE_CELL_SOFTSIGN = 9
};

static inline float mote_cell_activation(int32_t kind, float alpha, float beta, float x) {
  switch (kind) {
    case MOTE_CELL_SIGMOID: return mote_logisticf(x);
    case MOTE_CELL_TANH: return mote_tanhf(x);
    case MOTE_CELL_RELU: return x < 0.0f ? 0.0f : x;
    case MOTE_CELL_AFFINE: return alpha * x + beta;
    case MOTE_CELL_LEAKY_RELU: return x < 0.0f ? alpha * x : x;
    case MOTE_CELL_THRESHOLDED_RELU: return x > alpha ? x : 0.0f;
    case MOTE_CELL_SCALED_TANH: return alpha * mote_tanhf(beta * x);
    case MOTE_CELL_HARD_SIGMOID: {
      const float y = alpha * x + beta;
      if (y < 0.0f) return 0.0f;
      return y > 1.0f ? 1.0f : y;
    }
    case MOTE_CELL_ELU: return x < 0.0f ? alpha * (mote_expf(x) - 1.0f) : x;
    default: return x / (1.0f + (x < 0.0f ? -x : x));
  }
}

static inline float mote_cell_clip(float x, float limit) {
  if (x > limit) return limit;
  return x < -limit ? -limit : x;
}

static inline float mote_cell_dot(float sum, const float *weights, const float *x, int32_t count) {
  for (int32_t i = 0; i < count; i++) sum += weights[i] * x[i];
  return sum;
}

/* State where the inference begins: that of the caller, or zero (integers: what stands for it). */
static inline void mote_cell_begin_f32(float *to, const float *from, int32_t given, int32_t count) {
  for (int32_t i = 0; i < count; i++) to[i] = given ? from[i] : 0.0f;
}

static inline void mote_cell_begin_s8(int8_t *to, const int8_t *from, int32_t given, int32_t zero, int32_t count) {
  for (int32_t i = 0; i < count; i++) to[i] = given ? from[i] : (int8_t)zero;
}

static inline void mote_cell_begin_s16(int16_t *to, const int16_t *from, int32_t given, int32_t count) {
  for (int32_t i = 0; i < count; i++) to[i] = given ? from[i] : (int16_t)0;
}

#endif
