/* SPDX-License-Identifier: Apache-2.0 */
/* product: the product over some dimensions. The dimensions that are kept and those that are reduced, each outermost
 * first and padded in front with 1, with their strides in the input. The output must not overlap the input. */
#ifndef MOTE_PRODUCT_H
#define MOTE_PRODUCT_H

#include <stdint.h>

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_product_f32;

void mote_product_f32__ref(const mote_product_f32 *p, const float *input, float *output);

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_product_s32;

void mote_product_s32__ref(const mote_product_s32 *p, const int32_t *input, int32_t *output);

/* Of x = input - zero point, as a number of 30 bits and an exponent; multiplier and shift are those of scale^count / scale
 * of the output, whatever their exponent. */
typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
  int32_t input_zero_point;
  int32_t multiplier, shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_product_s8;

void mote_product_s8__ref(const mote_product_s8 *p, const int8_t *input, int8_t *output);

/* The same of int16 without zero points. */
typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
  int32_t multiplier, shift;
  int32_t rounding;
} mote_product_s16;

void mote_product_s16__ref(const mote_product_s16 *p, const int16_t *input, int16_t *output);

#endif
