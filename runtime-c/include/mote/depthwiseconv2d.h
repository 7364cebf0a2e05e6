/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 2-D convolution. Input [in_h, in_w, in_c] and output [out_h, out_w, in_c * multiplier] are NHWC with batch
 * 1; output channel c reads input channel c / channel_multiplier. Weights are packed channel first:
 * [out_c, kernel_h, kernel_w], so that a channel's taps are contiguous. The output must not overlap the input. */
#ifndef MOTE_DEPTHWISECONV2D_H
#define MOTE_DEPTHWISECONV2D_H

#include <stdint.h>

/* Folding of the input zero point and requantization as in conv2d.h. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t channel_multiplier;
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t requantize_step;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8;

void mote_depthwiseconv2d_s8s8__ref(const mote_depthwiseconv2d_s8s8 *p, const int8_t *input, int8_t *output);

/* channel_multiplier is 1 and no two taps 2i and 2i + 1 of a channel are both -128. `stream` holds, for each 16 channels
 * (missing ones are zero): for each tap 16 weights, a tap of zeros where the number of taps is odd; then bias, multiplier
 * and shift of channels 0, 4, 8, 12, as four little-endian words each, the same of 2, 6, 10, 14, of 1, 5, 9, 13 and of
 * 3, 7, 11, 15: the order in which widening halves leaves the lanes. Shift as in mve_stream.h. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const int8_t *stream;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8_stream;

/* scratch: in_c rounded up to 16 bytes, then a pointer to each tap and one more where their number is odd. */
void mote_depthwiseconv2d_s8s8_stream__mve(const mote_depthwiseconv2d_s8s8_stream *p, const int8_t *input,
                                           int8_t *output, void *scratch);

/* 3 x 3 taps. `period` blocks of constants, nine taps each, serve lcm(in_c, 16) bytes of a row of outputs; in_c is a
 * multiple of 16 or stride_w is 1. Taps 0 and 1, 2 and 3, 4 and 5, 7 and 8 of a channel are not both -128. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const int8_t *stream;
  int32_t period;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8_stream3x3;

/* scratch: in_w * in_c + 160 bytes. */
void mote_depthwiseconv2d_s8s8_stream3x3__mve(const mote_depthwiseconv2d_s8s8_stream3x3 *p, const int8_t *input,
                                              int8_t *output, void *scratch);

/* Any channel multiplier and any weights. The stream is as that of mote_depthwiseconv2d_s16s8_stream. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const int16_t *first; /* for each 8 outputs, the first input channel they read */
  const int16_t *index; /* for each output, the one it reads, from there on */
  const int8_t *stream;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8_spread;

/* scratch: in_c rounded up to 4 bytes, then a pointer to each tap. */
void mote_depthwiseconv2d_s8s8_spread__mve(const mote_depthwiseconv2d_s8s8_spread *p, const int8_t *input,
                                           int8_t *output, void *scratch);

/* Four pixels at a time from a padded plane of one channel in scratch (Armv6-M). The plane holds input + 128 as unsigned
 * bytes; its lines run along whichever axis of the image leaves fewer pixels over. A line's columns are sorted by their
 * remainder modulo the stride along it, so that the same tap of neighbouring outputs is in neighbouring bytes. */
typedef struct {
  int32_t in_c, out_c, channel_multiplier;
  int32_t lines, columns;         /* of outputs: across and along a line */
  int32_t line_stride;            /* plane bytes from the first tap of a line of outputs to the next one's */
  int32_t out_line, out_column;   /* output bytes from line to line, and along a line */
  int32_t in_lines, in_columns;   /* of the image that lie in the plane */
  int32_t in_line, in_column;     /* input bytes likewise */
  int32_t plane_bytes;            /* a multiple of 4 */
  int32_t plane_start;            /* where the first line of the image is */
  int32_t plane_line;             /* bytes from line to line */
  int32_t phases;                 /* the stride along a line */
  int32_t first_phase;            /* of the image's first column */
  const int16_t *phase_start;     /* for each phase, the image's first column of it in its line */
  const int16_t *taps;            /* for each tap, where it is in the plane; a multiple of 3 of them */
  int32_t tap_count;
  const int8_t *weights;          /* [out_c][tap_count], filled up with 0 */
  const int32_t *bias;            /* for input + 128 */
  const int32_t *scale;           /* for each channel, a mote_thumb_scale */
  int32_t outside;                /* input zero point + 128 */
  int32_t output_min, output_max;
  int32_t half, signs; /* see thumb_requantize.h */
} mote_depthwiseconv2d_s8s8_plane;

/* Scratch: the plane, the sums of a line (4 bytes for each column, which are rounded up to 4), 8 bytes for each tap. */
void mote_depthwiseconv2d_s8s8_plane__thumb(const mote_depthwiseconv2d_s8s8_plane *p, const int8_t *input,
                                            int8_t *output, void *scratch);

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t channel_multiplier;
  const int8_t *weights;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t requantize_step;
  int32_t accumulator_bits;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s16s8;

void mote_depthwiseconv2d_s16s8__ref(const mote_depthwiseconv2d_s16s8 *p, const int16_t *input, int16_t *output);

/* For Helium: sums fit 32 bits. For each 8 output channels (missing ones are zero): for each tap 8 weights; then bias,
 * multiplier and shift of channels 0, 2, 4, 6, as four little-endian words each, and of 1, 3, 5, 7. Shift as in
 * mve_stream.h. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const int16_t *first;  /* for each 8 outputs, the first input channel they read; null: the same as their own */
  const int16_t *index; /* for each output, the one it reads, from there on */
  const int8_t *stream;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s16s8_stream;

/* scratch: 2 * in_c bytes rounded up to 16, then a pointer to each tap. */
void mote_depthwiseconv2d_s16s8_stream__mve(const mote_depthwiseconv2d_s16s8_stream *p, const int16_t *input,
                                            int16_t *output, void *scratch);

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t channel_multiplier;
  const float *weights;
  const float *bias;
  float output_min, output_max;
} mote_depthwiseconv2d_f32f32;

void mote_depthwiseconv2d_f32f32__ref(const mote_depthwiseconv2d_f32f32 *p, const float *input, float *output);

/* Armv7E-M DSP kernels: channel multiplier 1, at least four channels. Channels go in groups of four; the last group is
 * the last four channels, so it may repeat some of the one before. `constants` holds each group's constants in kernel
 * order (see the kernels); weights and bias are stored times two, requantization as in dsp_requantize.h. */
typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t pad_top, pad_left;
  const int32_t *constants;
  int32_t input_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8_3x3;

/* Stride and dilation 1, out_w >= 2. Scratch: 4 * 68 + 32 * (out_w + 2) bytes. */
void mote_depthwiseconv2d_s8s8_3x3__dsp(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input,
                                        int8_t *output, void *scratch);

/* Any window. `offsets` has the byte offsets of the taps from the window's first one, in pairs: an odd number of taps
 * repeats the last one with weight 0. */
typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t tap_pairs;
  const int32_t *offsets;
  const int32_t *constants;
  int32_t input_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_depthwiseconv2d_s8s8_any;

/* Scratch: 8 * tap_pairs + channels bytes where a window can leave the image. */
void mote_depthwiseconv2d_s8s8_any__dsp(const mote_depthwiseconv2d_s8s8_any *p, const int8_t *input,
                                        int8_t *output, void *scratch);

/* The same for int16; constants in the kernels' order, weights as int16, requantization as in dsp_finish16.h. `offsets`
 * are in bytes, too. */
typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t tap_pairs;
  const int32_t *offsets;
  const int32_t *constants;
  int32_t output_min, output_max;
  int32_t mode;    /* dsp_finish16.h */
  int32_t clamped; /* 1: the bounds are narrower than what the mode saturates to */
} mote_depthwiseconv2d_s16s8_any;

/* Scratch: 8 * tap_pairs + 2 * channels bytes where a window can leave the image. */
void mote_depthwiseconv2d_s16s8_any__dsp(const mote_depthwiseconv2d_s16s8_any *p, const int16_t *input,
                                         int16_t *output, void *scratch);

/* 3x3, stride and dilation 1, at least two channels, out_w >= 2, mode not MOTE_DSP16_TFLITE. Channels go in twos; the
 * last two may repeat one. `constants` has for each channel of each two its weights, column by column as two words
 * ((w0, w1), (w1, w2) as int16, rows downward), bias, multiplier, rounding and shift. Scratch: 16 * (out_w + 2) bytes. */
typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t pad_top, pad_left;
  const int32_t *constants;
  int32_t output_min, output_max;
  int32_t mode;    /* dsp_finish16.h */
  int32_t clamped; /* 1: the bounds are narrower than what the mode saturates to */
} mote_depthwiseconv2d_s16s8_3x3;

void mote_depthwiseconv2d_s16s8_3x3__dsp(const mote_depthwiseconv2d_s16s8_3x3 *p, const int16_t *input,
                                         int16_t *output, void *scratch);

#endif
