/* SPDX-License-Identifier: Apache-2.0 */
/* Plain numbers from one type to another. Floats are cut toward zero and saturate, a NaN gives 0; narrow integers wrap; a
 * bool is 0 or 1. The output must not overlap the input. */
#ifndef MOTE_CAST_H
#define MOTE_CAST_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_cast_f32s32;

void mote_cast_f32s32__ref(const mote_cast_f32s32 *p, const float *input, int32_t *output);

typedef struct {
  int32_t count;
} mote_cast_f32b8;

void mote_cast_f32b8__ref(const mote_cast_f32b8 *p, const float *input, uint8_t *output);

typedef struct {
  int32_t count;
} mote_cast_s32f32;

void mote_cast_s32f32__ref(const mote_cast_s32f32 *p, const int32_t *input, float *output);

typedef struct {
  int32_t count;
} mote_cast_s32s16;

void mote_cast_s32s16__ref(const mote_cast_s32s16 *p, const int32_t *input, int16_t *output);

typedef struct {
  int32_t count;
} mote_cast_s32s8;

void mote_cast_s32s8__ref(const mote_cast_s32s8 *p, const int32_t *input, int8_t *output);

typedef struct {
  int32_t count;
} mote_cast_s32u8;

void mote_cast_s32u8__ref(const mote_cast_s32u8 *p, const int32_t *input, uint8_t *output);

typedef struct {
  int32_t count;
} mote_cast_s32b8;

void mote_cast_s32b8__ref(const mote_cast_s32b8 *p, const int32_t *input, uint8_t *output);

typedef struct {
  int32_t count;
} mote_cast_s16s32;

void mote_cast_s16s32__ref(const mote_cast_s16s32 *p, const int16_t *input, int32_t *output);

typedef struct {
  int32_t count;
} mote_cast_s8s32;

void mote_cast_s8s32__ref(const mote_cast_s8s32 *p, const int8_t *input, int32_t *output);

typedef struct {
  int32_t count;
} mote_cast_u8s32;

void mote_cast_u8s32__ref(const mote_cast_u8s32 *p, const uint8_t *input, int32_t *output);

typedef struct {
  int32_t count;
} mote_cast_b8s32;

void mote_cast_b8s32__ref(const mote_cast_b8s32 *p, const uint8_t *input, int32_t *output);

#endif
