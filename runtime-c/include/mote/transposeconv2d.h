/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution of an NHWC image. Weights OHWI with `depth` input channels each, for `group_outputs` output
 * channels per group; bias may be null. The output must not overlap the input. */
#ifndef MOTE_TRANSPOSECONV2D_H
#define MOTE_TRANSPOSECONV2D_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t depth, group_outputs;
  const float *weights;
  const float *bias;
} mote_transposeconv2d_f32f32;

void mote_transposeconv2d_f32f32__ref(const mote_transposeconv2d_f32f32 *p, const float *input, float *output);

#endif
