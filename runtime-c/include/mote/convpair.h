/* SPDX-License-Identifier: Apache-2.0 */
/* 2-D convolution with two products per 32-bit multiply: two pixels share a register, a * 2^16 + b, and one multiply by
 * a weight gives both products. Input and output as in conv2d.h, one group; any kernel, stride, dilation and padding. */
#ifndef MOTE_CONVPAIR_H
#define MOTE_CONVPAIR_H

#include <stdint.h>

#include "mote/rv32_requantize.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_w, out_c;
  int32_t pixels; /* out_h * out_w */
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t padded; /* 1 where a tap can lie outside the image; it reads input_zero_point */
  int32_t input_zero_point;
  int32_t depth; /* kernel_h * kernel_w * in_c, rounded up to a multiple of 4 */
  /* For every 4 channels: for every 2 taps: 2 weights of each of the 4 channels. Missing channels and taps are 0.
   * Of two taps' weights, |a| + |b| <= 255, so that two products fit 16 bits. */
  const int8_t *weights;
  /* 4 words each (rv32_requantize.h), a multiple of 4 channels; the biases are less by 2^15 for every 2 taps of depth. */
  const int32_t *channels;
  mote_rv32_output output;
} mote_convpair_s8s8;

/* scratch: 8 * depth bytes, and in_c more where padded. */
void mote_convpair_s8s8__rv32_4x4(const mote_convpair_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

#endif
