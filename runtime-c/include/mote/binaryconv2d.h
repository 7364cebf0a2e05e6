/* SPDX-License-Identifier: Apache-2.0 */
/* 2-D convolution of signs by signs: activations and weights are bits, 1 for +1 and 0 for -1, a pixel `words` words of 32
 * channels, the first in the lowest bit. Bits past the last channel are 0 in both. Input [in_h, in_w, words] and output
 * are NHWC with batch 1. The output must not overlap the input.
 *
 * The distance of a window is the sum over its taps of 0 where activation and weight agree, 2 where they do not, and 1 for
 * a tap outside the image that counts as 0: products less that many, kernel_h * kernel_w * in_c - distance, is the sum of
 * products. */
#ifndef MOTE_BINARYCONV2D_H
#define MOTE_BINARYCONV2D_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t words;          /* in_c / 32, rounded up */
  int32_t pad_value;      /* what a tap outside the image reads: 0, 1 or -1 */
  const int32_t *weights; /* [out_c][kernel_h][kernel_w][words] */
  const int32_t *threshold; /* bit c is set where the distance is not above it */
} mote_binaryconv2d_b1b1;

/* Output words past out_c are 0. */
void mote_binaryconv2d_b1b1__ref(const mote_binaryconv2d_b1b1 *p, const int32_t *input, int32_t *output);

/* output = (bias + multiplier * distance) >> shift, held to its bounds. The packer guarantees that 32 bits do, and has
 * folded the output's zero point and half a step for the rounding into the bias. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t words;
  int32_t pad_value;
  const int32_t *weights;
  const int32_t *bias;
  const int32_t *multiplier;
  int32_t shift;
  int32_t output_min, output_max;
} mote_binaryconv2d_b1s8;

void mote_binaryconv2d_b1s8__ref(const mote_binaryconv2d_b1s8 *p, const int32_t *input, int8_t *output);

/* output = scale * (sum of products) + bias, held to its bounds. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t words;
  int32_t pad_value;
  const int32_t *weights;
  const float *scale;
  const float *bias;
  float output_min, output_max;
} mote_binaryconv2d_b1f32;

void mote_binaryconv2d_b1f32__ref(const mote_binaryconv2d_b1f32 *p, const int32_t *input, float *output);

#endif
