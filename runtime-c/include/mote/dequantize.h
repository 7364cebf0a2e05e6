/* SPDX-License-Identifier: Apache-2.0 */
/* scale * (x - zero_point). The output must not overlap the input. */
#ifndef MOTE_DEQUANTIZE_H
#define MOTE_DEQUANTIZE_H

#include <stdint.h>

typedef struct {
  int32_t count;
  float scale;
  int32_t zero_point;
} mote_dequantize_s8f32;

void mote_dequantize_s8f32__ref(const mote_dequantize_s8f32 *p, const int8_t *input, float *output);

typedef struct {
  int32_t count;
  float scale;
  int32_t zero_point;
} mote_dequantize_s16f32;

void mote_dequantize_s16f32__ref(const mote_dequantize_s16f32 *p, const int16_t *input, float *output);

#endif
