/* SPDX-License-Identifier: Apache-2.0 */
/* binaryconv2d.h by tables, 16 output pixels at a time: how is in binary_lanes.h. Plain C for any 32-bit core. */
#ifndef MOTE_BINARYLANES_H
#define MOTE_BINARYLANES_H

#include <stdint.h>

/* The packer guarantees at most 32767 products, and an even in_c where pad_value is 0 and windows leave the image. Scratch:
 * 1024 bytes, and for each output channel 16, or 48 where kernel_h * kernel_w * words is above 7. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t words;
  int32_t pad_value;
  int32_t narrow;       /* 1: to bits, at most 127 products in at most 7 words */
  const int32_t *codes; /* the weights' words as [kernel_h][kernel_w][words][out_c] */
  const int32_t *bias;  /* bits: the largest number of differing bits that gives 1, and 32768, in both halves; if narrow,
                           and 128, in all bytes; int8: bias */
  const int32_t *multiplier; /* int8: of the number of differing bits */
  int32_t shift;
  int32_t output_min, output_max;
  const float *scale; /* float32: as in binaryconv2d.h */
  const float *offset;
  float value_min, value_max;
} mote_binarylanes_b1b1;

typedef mote_binarylanes_b1b1 mote_binarylanes_b1s8;
typedef mote_binarylanes_b1b1 mote_binarylanes_b1f32;

void mote_binarylanes_b1b1__c99(const mote_binarylanes_b1b1 *p, const int32_t *input, int32_t *output, void *scratch);
void mote_binarylanes_b1s8__c99(const mote_binarylanes_b1s8 *p, const int32_t *input, int8_t *output, void *scratch);
void mote_binarylanes_b1f32__c99(const mote_binarylanes_b1f32 *p, const int32_t *input, float *output, void *scratch);
void mote_binarylanes_b1b1__dsp(const mote_binarylanes_b1b1 *p, const int32_t *input, int32_t *output, void *scratch);
void mote_binarylanes_b1s8__dsp(const mote_binarylanes_b1s8 *p, const int32_t *input, int8_t *output, void *scratch);
void mote_binarylanes_b1f32__dsp(const mote_binarylanes_b1f32 *p, const int32_t *input, float *output, void *scratch);

#endif
