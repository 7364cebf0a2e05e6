/* SPDX-License-Identifier: Apache-2.0 */
/* 2-D max pooling over NHWC [in_h, in_w, channels], batch 1. Every window holds at least one pixel of the image.
 * The output must not overlap the input. */
#ifndef MOTE_MAXPOOL2D_H
#define MOTE_MAXPOOL2D_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t output_min, output_max; /* input and output share scale and zero point */
} mote_maxpool2d_s8;

void mote_maxpool2d_s8__ref(const mote_maxpool2d_s8 *p, const int8_t *input, int8_t *output);
void mote_maxpool2d_s8__mve(const mote_maxpool2d_s8 *p, const int8_t *input, int8_t *output);
void mote_maxpool2d_s8__rvv(const mote_maxpool2d_s8 *p, const int8_t *input, int8_t *output);
void mote_maxpool2d_s8__scalar(const mote_maxpool2d_s8 *p, const int8_t *input, int8_t *output);

/* At least four channels. */
void mote_maxpool2d_s8__dsp(const mote_maxpool2d_s8 *p, const int8_t *input, int8_t *output);

typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t output_min, output_max; /* input and output share scale and zero point */
} mote_maxpool2d_s16;

void mote_maxpool2d_s16__ref(const mote_maxpool2d_s16 *p, const int16_t *input, int16_t *output);
void mote_maxpool2d_s16__mve(const mote_maxpool2d_s16 *p, const int16_t *input, int16_t *output);
void mote_maxpool2d_s16__rvv(const mote_maxpool2d_s16 *p, const int16_t *input, int16_t *output);

typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  float output_min, output_max;
} mote_maxpool2d_f32;

void mote_maxpool2d_f32__ref(const mote_maxpool2d_f32 *p, const float *input, float *output);

/* At least two channels. */
void mote_maxpool2d_s16__dsp(const mote_maxpool2d_s16 *p, const int16_t *input, int16_t *output);

#endif
