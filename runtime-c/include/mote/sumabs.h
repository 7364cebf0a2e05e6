/* SPDX-License-Identifier: Apache-2.0 */
/* sumAbs: the sum of absolute values over some dimensions. The dimensions that are kept and those that are reduced, each outermost
 * first and padded in front with 1, with their strides in the input. The output must not overlap the input. */
#ifndef MOTE_SUMABS_H
#define MOTE_SUMABS_H

#include <stdint.h>

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_sumabs_f32;

void mote_sumabs_f32__ref(const mote_sumabs_f32 *p, const float *input, float *output);

/* The sum of |x| with x = input - zero point. */
typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
  int32_t input_zero_point;
  int32_t multiplier, shift; /* see requantize.h */
  int32_t output_zero_point;
  int32_t rounding;
} mote_sumabs_s8;

void mote_sumabs_s8__ref(const mote_sumabs_s8 *p, const int8_t *input, int8_t *output);

/* The same of int16 without zero points. */
typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
  int32_t multiplier, shift; /* see mote_requantize64 */
} mote_sumabs_s16;

void mote_sumabs_s16__ref(const mote_sumabs_s16 *p, const int16_t *input, int16_t *output);

#endif
