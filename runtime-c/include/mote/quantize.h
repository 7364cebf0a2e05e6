/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of representation. Where the element size stays the same, the output may be the buffer of the input. */
#ifndef MOTE_QUANTIZE_H
#define MOTE_QUANTIZE_H

#include <stdint.h>

/* float32 to integer: round(x / scale) + zero_point, ties away from zero, saturated. */
typedef struct {
  int32_t count;
  float scale;
  int32_t zero_point;
} mote_quantize_f32s8;

void mote_quantize_f32s8__ref(const mote_quantize_f32s8 *p, const float *input, int8_t *output);

typedef struct {
  int32_t count;
  float scale;
  int32_t zero_point;
} mote_quantize_f32s16;

void mote_quantize_f32s16__ref(const mote_quantize_f32s16 *p, const float *input, int16_t *output);

/* Integer to integer; see requantize.h. */
typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t multiplier, shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_quantize_s8s8;

void mote_quantize_s8s8__ref(const mote_quantize_s8s8 *p, const int8_t *input, int8_t *output);

typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t multiplier, shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_quantize_s8s16;

void mote_quantize_s8s16__ref(const mote_quantize_s8s16 *p, const int8_t *input, int16_t *output);

typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t multiplier, shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_quantize_s16s8;

void mote_quantize_s16s8__ref(const mote_quantize_s16s8 *p, const int16_t *input, int8_t *output);

typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t multiplier, shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_quantize_s16s16;

void mote_quantize_s16s16__ref(const mote_quantize_s16s16 *p, const int16_t *input, int16_t *output);

typedef struct {
  int32_t count;
  int32_t input_zero_point;
  int32_t multiplier, shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_quantize_s16s32;

void mote_quantize_s16s32__ref(const mote_quantize_s16s32 *p, const int16_t *input, int32_t *output);

#endif
