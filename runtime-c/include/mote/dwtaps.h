/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution of any kernel size, stride, dilation and padding, channel multiplier 1, some channels at a time.
 * Input and output as in depthwiseconv2d.h. */
#ifndef MOTE_DWTAPS_H
#define MOTE_DWTAPS_H

#include <stdint.h>

#include "mote/rv32_requantize.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t input_zero_point;
  /* For every 4 channels: for every tap: their weights. Then the channels that are left, one after the other. */
  const int8_t *weights;
  const int32_t *channels; /* 4 words each (rv32_requantize.h) */
  mote_rv32_output output;
} mote_dwtaps_s8s8;

/* scratch: kernel_h * kernel_w pointers (4 bytes each) and in_c bytes. */
void mote_dwtaps_s8s8__rv32_1x4(const mote_dwtaps_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

#endif
