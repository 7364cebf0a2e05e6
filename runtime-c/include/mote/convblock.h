/* SPDX-License-Identifier: Apache-2.0 */
/* 2-D convolution for cores without SIMD, any window, stride, dilation, padding and groups: the windows of four output
 * pixels are gathered in scratch, side by side, a slice of their taps at a time, and each weight meets all four. Input and
 * output as in conv2d.h. Slices keep scratch small; and where a sum may exceed 32 bits, no slice's can (block_finish.h). */
#ifndef MOTE_CONVBLOCK_H
#define MOTE_CONVBLOCK_H

#include <stdint.h>

#include "mote/block_finish.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_w, out_c;
  int32_t pixels; /* out_h * out_w */
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t groups;
  int32_t depth;     /* in_c / groups */
  int32_t group_out; /* out_c / groups */
  int32_t segment;   /* taps of a window that are neighbours in memory, and how many such segments a row of it has: */
  int32_t segments;  /* one where groups and dilation_w are 1, else one for each column */
  int32_t taps;      /* of a group's window */
  int32_t slice;     /* of them at a time */
  /* For each group and slice of its taps,
   * rv32:  for every 4 channels (missing ones are 0): for each tap (an even number, the last may be 0) their 4 weights;
   * thumb: for each channel its weights + 128, as unsigned bytes. */
  const uint8_t *weights;
  const int32_t *channels;  /* four words each (block_finish.h) */
  int32_t input_zero_point; /* what taps outside the image read */
  mote_block_output output;
} mote_convblock_s16s8;

typedef mote_convblock_s16s8 mote_convblock_s8s8;

/* Scratch: 8 bytes a tap of a slice; where there is more than one slice, another 16 (wide: 32) bytes for each channel of
 * a group. An odd slice counts as one tap more. */
void mote_convblock_s16s8__rv32_4x4(const mote_convblock_s16s8 *p, const int16_t *input, int16_t *output,
                                    void *scratch);
void mote_convblock_s8s8__rv32_4x4(const mote_convblock_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

/* Scratch: 16 bytes a tap of a slice, and 16 more; the rest likewise. */
void mote_convblock_s16s8__thumb_4x1(const mote_convblock_s16s8 *p, const int16_t *input, int16_t *output,
                                     void *scratch);
void mote_convblock_s8s8__thumb_4x1(const mote_convblock_s8s8 *p, const int8_t *input, int8_t *output, void *scratch);

#endif
