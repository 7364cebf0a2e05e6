/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 2-D convolution and fully connected layers with output channels in vector lanes: laneconv.h for 16-bit
 * activations, and with groups. NHWC, batch 1. The output must not overlap the input. */
#ifndef MOTE_LANECONV16_H
#define MOTE_LANECONV16_H

#include <stdint.h>

/* Weights are [groups][segments][(segment + 1) / 2][group_out][2], see laneconv.h. Sums that fit 32 bits (wide 0): bias,
 * multiplier, shift, pre_shift, zero_shifts as in rvv_rescale.h. Wide ones: bias is high * 2^16 + low, multiplier has 15
 * bits, shift is the right shift of mote_rvv_wide_requantize, less 16. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t group_depth, group_out; /* channels of a group */
  int32_t direct;                 /* 1: windows inside the image are read where they are; 0: gathered in the scratch */
  int32_t segments, segment;      /* runs of a group's window, elements of a run */
  int32_t segment_stride;         /* elements between runs of a window that is read where it is */
  const int8_t *weights;
  int32_t wide;
  const int32_t *bias;     /* wide: low parts */
  const int32_t *high_bias; /* wide only */
  const int32_t *multiplier;
  const int16_t *shift;
  int32_t pre_shift, zero_shifts;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_laneconv16_s16s8;

/* Scratch: 6 * segments * segment bytes where a window is gathered, else unused. */
void mote_laneconv16_s16s8__rvv(const mote_laneconv16_s16s8 *p, const int16_t *input, int16_t *output, void *scratch);

#endif
