/* SPDX-License-Identifier: Apache-2.0 */
/* Integer mean, elements that are kept in vector lanes: mean.h for vector instructions. The factor is as in vecadd.h. The
 * output must not overlap the input. */
#ifndef MOTE_VECMEAN_H
#define MOTE_VECMEAN_H

#include <stdint.h>

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
  int32_t same_scale; /* 1: input and output share scale and zero point, the quotient is cut toward zero */
  int32_t zero_points; /* the input's, times the elements of a mean */
  int32_t left, multiplier, right;
  int32_t output_zero_point;
  int32_t rounding;
} mote_vecmean_s8;

void mote_vecmean_s8__mve(const mote_vecmean_s8 *p, const int8_t *input, int8_t *output);
void mote_vecmean_s8__rvv(const mote_vecmean_s8 *p, const int8_t *input, int8_t *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
  int32_t same_scale; /* 1: input and output share scale and zero point, the quotient is cut toward zero */
  int32_t zero_points; /* the input's, times the elements of a mean */
  int32_t left, multiplier, right;
  int32_t output_zero_point;
  int32_t rounding;
} mote_vecmean_s16;

void mote_vecmean_s16__mve(const mote_vecmean_s16 *p, const int16_t *input, int16_t *output);
void mote_vecmean_s16__rvv(const mote_vecmean_s16 *p, const int16_t *input, int16_t *output);

#endif
