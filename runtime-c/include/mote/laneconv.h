/* SPDX-License-Identifier: Apache-2.0 */
/* 2-D convolution (1x1, k x k) and fully connected layers with output channels in vector lanes. NHWC, batch 1, one group;
 * a fully connected layer is a 1x1 convolution over a row of pixels. The output must not overlap the input. */
#ifndef MOTE_LANECONV_H
#define MOTE_LANECONV_H

#include <stdint.h>

/* A pixel's products come in `segments` runs of `segment` consecutive bytes: rows of the window, or the whole window.
 * Weights per run: [(segment + 1) / 2][out_c][2], two taps of a channel side by side; the last tap of an odd run has a
 * zero beside it. bias[c] = model bias[c] - input_zero_point * sum of the channel's weights, and taps outside the image
 * read input_zero_point. multiplier, shift, pre_shift, zero_shifts: see rvv_rescale.h. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t direct; /* 2: pixel i is at input + i * in_c (1x1); 1: windows inside the image are read where they are;
                     0: every window is gathered in the scratch */
  int32_t segments, segment;
  int32_t segment_stride; /* bytes between runs of a window that is read where it is */
  const int16_t *tap_offset; /* per element of a window: bytes from the window's first; null: gathered tap by tap */
  const int16_t *tap_y, *tap_x; /* and its row and column from there */
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multiplier;
  const int16_t *shift;
  int32_t pre_shift, zero_shifts;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_laneconv_s8s8;

/* Scratch: 3 * segments * segment bytes where a window is gathered, else unused. */
void mote_laneconv_s8s8__rvv(const mote_laneconv_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

#endif
