/* SPDX-License-Identifier: Apache-2.0 */
/* 2-D convolution. Input [in_h, in_w, in_c] and output [out_h, out_w, out_c] are NHWC with batch 1; weights are
 * [out_c, kernel_h, kernel_w, in_c / groups]. Output channel c uses group c / (out_c / groups).
 * The output must not overlap the input. */
#ifndef MOTE_CONV2D_H
#define MOTE_CONV2D_H

#include <stdint.h>

/* int8 activations and weights, symmetric weights (zero point 0). The packer folds the input zero point:
 * bias[c] = model bias[c] - input_zero_point * sum of weights[c]; taps outside the image read input_zero_point. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t groups;
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multiplier; /* see requantize.h */
  const int8_t *shift;
  int32_t requantize_step; /* 1: one multiplier and shift per channel; 0: one for all */
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_conv2d_s8s8;

void mote_conv2d_s8s8__ref(const mote_conv2d_s8s8 *p, const int8_t *input, int8_t *output);

/* For DSP instructions (dsp_block.h has the layout of the constants): groups 1. Kernels need 8 * steps bytes of scratch
 * for taps, then 2 * row_bytes, then 8. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t span_h;             /* kernel_h * dilation_h */
  int32_t inside_h, inside_w; /* windows that begin at rows and columns from 0 to below these lie in the image, their
                                 rows side by side */
  int32_t row_bytes;          /* kernel_w * in_c */
  int32_t row_step;           /* dilation_h * in_w * in_c */
  int32_t flat;               /* 1: 1x1, stride 1, no padding */
  int32_t steps;              /* pairs of taps of one filter, a multiple of 4 */
  const int32_t *weights;
  int32_t input_zero_point;
  int32_t output_min, output_max;
  int32_t mode; /* dsp_block.h */
} mote_conv2d_s8s8_dsp;

typedef mote_conv2d_s8s8_dsp mote_conv2d_s8s8_dspwide;
typedef mote_conv2d_s8s8_dsp mote_conv2d_s8s8_dsp16;

void mote_conv2d_s8s8_dsp__dsp_2x4(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int8_t *output, void *scratch);
void mote_conv2d_s8s8_dspwide__dsp_2x4(const mote_conv2d_s8s8_dspwide *p, const int8_t *input, int8_t *output,
                                       void *scratch);
void mote_conv2d_s8s8_dsp16__dsp_2x4(const mote_conv2d_s8s8_dsp16 *p, const int8_t *input, int8_t *output,
                                     void *scratch);

/* groups is 1. `stream` holds all constants in the order in which the kernel reads them. For each four output channels
 * (missing ones are zero): depth / 16 blocks of 4 x 16 weights, then bias[4], multiplier[4], shift[4] as little-endian
 * words. Weights are in the order kernel_h, kernel_w, in_c, padded with zeros to `depth`; bias is folded as above;
 * shift is what VRSHL wants after the high multiply of the model's rounding, see mve_stream.h. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const int8_t *stream;
  int32_t whole_bytes; /* of `stream`: groups of four channels, none of them missing */
  int32_t depth;    /* kernel_h * kernel_w * in_c, rounded up to 16 */
  int32_t direct;   /* 1: a patch is `depth` bytes from one pixel on (1 x 1): read in place; 0: gathered in scratch */
  int32_t readable; /* offset of the last window that can be read in whole vectors */
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_conv2d_s8s8_stream;

/* scratch: 2 * depth bytes, and what whole vectors write past the last row of the second window; not used where direct
 * is 1 and depth is in_c. */
void mote_conv2d_s8s8_stream__mve(const mote_conv2d_s8s8_stream *p, const int8_t *input, int8_t *output, void *scratch);

/* In groups. `stream` has, for each group and each four of its output channels (missing ones are zero), the same as above;
 * weights are in the order kernel_h, kernel_w, channel of the group, padded with zeros to `depth`. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t group_depth, group_out; /* channels of a group */
  const int8_t *stream;
  int32_t depth; /* kernel_h * kernel_w * group_depth, rounded up to 16 */
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_conv2d_s8s8_groups;

/* scratch: `depth` bytes. */
void mote_conv2d_s8s8_groups__mve(const mote_conv2d_s8s8_groups *p, const int8_t *input, int8_t *output, void *scratch);

/* Two pixels to a multiply (Armv6-M; how: thumb_pairs.h). groups 1. The packer guarantees |accumulator| < 2^28 and
 * multipliers below 1. The windows go through scratch slice_rows rows at a time. Scratch: 8 bytes for each tap of those
 * rows; 16 * out_c where that is not the whole window; kernel_w * in_c if padded. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t slice_rows;       /* kernel_h, or a divisor of it */
  const int8_t *weights;    /* [slices][ceil(out_c / 8)][taps of a slice][8] */
  const uint8_t *runs;      /* for each slice and channel, the lengths of its runs of taps as jumps, and MOTE_PAIRS_END */
  const int32_t *bias;      /* for each channel, a mote_pair_bias */
  const int32_t *scale;     /* for each channel, a mote_thumb_scale */
  int32_t padded;           /* 1: some windows read outside the image */
  int32_t input_zero_point;
  int32_t output_min, output_max;
  int32_t half, signs; /* see thumb_requantize.h */
} mote_conv2d_s8s8_pairs;

void mote_conv2d_s8s8_pairs__thumb(const mote_conv2d_s8s8_pairs *p, const int8_t *input, int8_t *output, void *scratch);

/* int16 activations with zero point 0, int8 symmetric weights. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t groups;
  const int8_t *weights;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t requantize_step;
  int32_t accumulator_bits; /* 64: mote_requantize64; 32: the model has 32-bit biases and mote_requantize is meant */
  int32_t output_min, output_max;
  int32_t rounding;
} mote_conv2d_s16s8;

void mote_conv2d_s16s8__ref(const mote_conv2d_s16s8 *p, const int16_t *input, int16_t *output);

/* For Helium (mve_dot16.h has the layout of the stream). `depth` elements of a patch are those of one group, in the order
 * kernel_h, kernel_w, channel, zeros up to a multiple of 8. Fully connected layers are 1x1 over a row of pixels. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t group_depth, group_out; /* channels of a group */
  const int8_t *stream;
  int32_t depth;
  int32_t direct; /* 1: a patch is `depth` elements of one pixel (1 x 1, no padding): read in place; 0: gathered in scratch */
  int32_t wide;   /* 1: sums may not fit 32 bits, or the fast form of the rounding is not exact */
  int32_t accumulator_bits; /* 64: mote_requantize64, which is `single` rounding where sums are not wide */
  int32_t output_min, output_max;
  int32_t rounding;
} mote_conv2d_s16s8_stream;

/* scratch: 4 * depth bytes; not used where direct is 1. */
void mote_conv2d_s16s8_stream__mve(const mote_conv2d_s16s8_stream *p, const int16_t *input, int16_t *output,
                                   void *scratch);

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t groups;
  const float *weights;
  const float *bias;
  float output_min, output_max;
} mote_conv2d_f32f32;

void mote_conv2d_f32f32__ref(const mote_conv2d_f32f32 *p, const float *input, float *output);

/* int16 for DSP instructions: groups 1. `weights` has for each four channels (missing ones are 0) their initial sums, for
 * each two taps two words (channels 0 and 1, 2 and 3; bytes: even channel's tap 0, odd's tap 0, even's tap 1, odd's tap
 * 1), then multiplier, rounding and shift of each channel (dsp_finish16.h). The taps go row by row of the window, an odd
 * last one of a row with a weight of 0 beside it. Scratch: 8 * steps bytes for taps, then 4 * row_count, then 16. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t span_h;             /* kernel_h * dilation_h */
  int32_t inside_h, inside_w; /* windows that begin at rows and columns from 0 to below these lie in the image, their
                                 rows side by side */
  int32_t row_count;          /* kernel_w * in_c */
  int32_t row_step;           /* dilation_h * in_w * in_c */
  int32_t steps;              /* pairs of taps of one filter, a multiple of 4 */
  const int32_t *weights;
  int32_t output_min, output_max;
  int32_t mode;    /* dsp_finish16.h */
  int32_t clamped; /* 1: the bounds are narrower than what the mode saturates to */
} mote_conv2d_s16s8_dsp;

void mote_conv2d_s16s8_dsp__dsp_2x4(const mote_conv2d_s16s8_dsp *p, const int16_t *input, int16_t *output,
                                    void *scratch);

/* The same with sums of 64 bits: `weights` has for each two channels one word for each two taps. The rest as in
 * mote_conv2d_s16s8. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t span_h;
  int32_t inside_h, inside_w;
  int32_t row_count;
  int32_t row_step;
  int32_t steps;
  const int32_t *weights;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t requantize_step;
  int32_t accumulator_bits;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_conv2d_s16s8_dsplong;

void mote_conv2d_s16s8_dsplong__dsp_2x2(const mote_conv2d_s16s8_dsplong *p, const int16_t *input, int16_t *output,
                                        void *scratch);

#endif
