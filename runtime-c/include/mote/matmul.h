/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product of two tensors: a [batches, rows, depth] by b [batches, depth, columns]. Where a_constant (or
 * b_constant) is not null, it is read instead of a (or b). The output must not overlap an input. */
#ifndef MOTE_MATMUL_H
#define MOTE_MATMUL_H

#include <stdint.h>

typedef struct {
  int32_t batches, rows, depth, columns;
  int32_t a_batch_stride, b_batch_stride; /* elements; 0 repeats */
  const float *a_constant;
  const float *b_constant;
} mote_matmul_f32f32;

void mote_matmul_f32f32__ref(const mote_matmul_f32f32 *p, const float *a, const float *b, float *output);

typedef struct {
  int32_t batches, rows, depth, columns;
  int32_t a_batch_stride, b_batch_stride; /* elements; 0 repeats */
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t a_zero_point, b_zero_point, output_zero_point;
  int32_t multiplier, shift; /* see requantize.h */
  int32_t rounding;
} mote_matmul_s8s8;

void mote_matmul_s8s8__ref(const mote_matmul_s8s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* Scratch: 8 bytes for each depth, rounded up to a multiple of 4. */
void mote_matmul_s8s8__dsp(const mote_matmul_s8s8 *p, const int8_t *a, const int8_t *b, int8_t *output, void *scratch);

/* int16 without zero points; see mote_requantize64. */
typedef struct {
  int32_t batches, rows, depth, columns;
  int32_t a_batch_stride, b_batch_stride;
  const int16_t *a_constant;
  const int16_t *b_constant;
  int32_t multiplier, shift;
} mote_matmul_s16s16;

void mote_matmul_s16s16__ref(const mote_matmul_s16s16 *p, const int16_t *a, const int16_t *b, int16_t *output);

#endif
