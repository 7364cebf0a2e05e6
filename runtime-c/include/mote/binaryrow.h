/* SPDX-License-Identifier: Apache-2.0 */
/* binaryconv2d.h with output channels in lanes: of one pixel all channels, a word of the window at a time. On Helium taps
 * outside the image count as 0 or there are none, and in_c is even if there are; bias and multiplier are for differing bits,
 * half of the distance. */
#ifndef MOTE_BINARYROW_H
#define MOTE_BINARYROW_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t words;
  int32_t pad_value;
  const int32_t *codes;   /* the weights' words as [kernel_h][kernel_w][words][out_c] */
  const int32_t *outside; /* what a tap outside the image reads, unless pad_value is 0: [words] */
  const int32_t *bias;    /* bits: the largest distance that gives 1; int8: bias */
  const int32_t *multiplier; /* int8: of the distance */
  int32_t shift;
  int32_t output_min, output_max;
} mote_binaryrow_b1b1;

typedef mote_binaryrow_b1b1 mote_binaryrow_b1s8;

void mote_binaryrow_b1b1__rvv(const mote_binaryrow_b1b1 *p, const int32_t *input, int32_t *output);
void mote_binaryrow_b1s8__rvv(const mote_binaryrow_b1s8 *p, const int32_t *input, int8_t *output);

/* Scratch: 12 bytes for each tap. */
void mote_binaryrow_b1b1__mve(const mote_binaryrow_b1b1 *p, const int32_t *input, int32_t *output, void *scratch);
void mote_binaryrow_b1s8__mve(const mote_binaryrow_b1s8 *p, const int32_t *input, int8_t *output, void *scratch);

#endif
