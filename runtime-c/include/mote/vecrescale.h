/* SPDX-License-Identifier: Apache-2.0 */
/* Change of scale, elements in vector lanes: quantize.h and clamp.h between integers of which one has 16 bits (from int8
 * to int8 it is a table, lut.h). The factor is as in vecadd.h. Where the element size stays the same, the output may be
 * the buffer of the input. */
#ifndef MOTE_VECRESCALE_H
#define MOTE_VECRESCALE_H

#include <stdint.h>

typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t left, multiplier, right;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_vecrescale_s16s8;

void mote_vecrescale_s16s8__mve(const mote_vecrescale_s16s8 *p, const int16_t *input, int8_t *output);
void mote_vecrescale_s16s8__rvv(const mote_vecrescale_s16s8 *p, const int16_t *input, int8_t *output);

typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t left, multiplier, right;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_vecrescale_s8s16;

void mote_vecrescale_s8s16__mve(const mote_vecrescale_s8s16 *p, const int8_t *input, int16_t *output);
void mote_vecrescale_s8s16__rvv(const mote_vecrescale_s8s16 *p, const int8_t *input, int16_t *output);

typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t left, multiplier, right;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_vecrescale_s16s16;

void mote_vecrescale_s16s16__mve(const mote_vecrescale_s16s16 *p, const int16_t *input, int16_t *output);
void mote_vecrescale_s16s16__rvv(const mote_vecrescale_s16s16 *p, const int16_t *input, int16_t *output);

#endif
