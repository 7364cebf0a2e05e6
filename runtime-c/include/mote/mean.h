/* SPDX-License-Identifier: Apache-2.0 */
/* Mean over some dimensions. The dimensions that are kept and those that are reduced, each outermost first and
 * padded in front with 1, with their strides in the input. The output must not overlap the input. */
#ifndef MOTE_MEAN_H
#define MOTE_MEAN_H

#include <stdint.h>

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
  int32_t same_scale; /* 1: input and output share scale and zero point, the quotient is cut toward zero */
  int32_t input_zero_point;
  int32_t multiplier, shift; /* the division included; see requantize.h */
  int32_t output_zero_point;
  int32_t rounding;
} mote_mean_s8;

void mote_mean_s8__ref(const mote_mean_s8 *p, const int8_t *input, int8_t *output);

/* Over all pixels of [pixels, channels]: kept_dims {1, 1, channels} with stride 1, reduced_dims {1, 1, pixels} with
 * stride channels, at least four channels. */
void mote_mean_s8__dsp(const mote_mean_s8 *p, const int8_t *input, int8_t *output);

/* Over all pixels, as mote_mean_s8__dsp, any number of channels. */
void mote_mean_s8__scalar(const mote_mean_s8 *p, const int8_t *input, int8_t *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
  int32_t same_scale; /* 1: input and output share scale and zero point, the quotient is cut toward zero */
  int32_t input_zero_point;
  int32_t multiplier, shift; /* the division included; see requantize.h */
  int32_t output_zero_point;
  int32_t rounding;
} mote_mean_s16;

void mote_mean_s16__ref(const mote_mean_s16 *p, const int16_t *input, int16_t *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_mean_f32;

void mote_mean_f32__ref(const mote_mean_f32 *p, const float *input, float *output);

/* One mean of each of kept_dims[2] >= 2 channels over reduced_dims[2] pixels. */
void mote_mean_s16__dsp(const mote_mean_s16 *p, const int16_t *input, int16_t *output);

#endif
