/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer: output[r][o] = sum over i of input[r][i] * weights[o][i] + bias[o], for each of `rows` rows.
 * The output must not overlap the input. */
#ifndef MOTE_FULLYCONNECTED_H
#define MOTE_FULLYCONNECTED_H

#include <stdint.h>

/* bias[o] = model bias[o] - input_zero_point * (sum of weights[o] - in_c * weight_zero_point): folded by the packer. */
typedef struct {
  int32_t rows, in_c, out_c;
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multiplier; /* see requantize.h */
  const int8_t *shift;
  int32_t requantize_step; /* 1: one multiplier and shift per channel; 0: one for all */
  int32_t weight_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_fullyconnected_s8s8;

void mote_fullyconnected_s8s8__ref(const mote_fullyconnected_s8s8 *p, const int8_t *input, int8_t *output);

/* For DSP instructions (dsp_block.h has the layout of the constants). Kernels need 4 bytes of scratch and, where in_c is
 * no multiple of 4, in front of them a row of the next multiple. */
typedef struct {
  int32_t rows, in_c, out_c;
  int32_t steps; /* in_c / 4, rounded up */
  const int32_t *weights;
  int32_t output_min, output_max;
  int32_t mode; /* dsp_block.h */
} mote_fullyconnected_s8s8_dsp;

typedef mote_fullyconnected_s8s8_dsp mote_fullyconnected_s8s8_dspwide;
typedef mote_fullyconnected_s8s8_dsp mote_fullyconnected_s8s8_dsp16;

void mote_fullyconnected_s8s8_dsp__dsp_1x4(const mote_fullyconnected_s8s8_dsp *p, const int8_t *input, int8_t *output,
                                           void *scratch);
void mote_fullyconnected_s8s8_dspwide__dsp_1x4(const mote_fullyconnected_s8s8_dspwide *p, const int8_t *input,
                                               int8_t *output, void *scratch);
void mote_fullyconnected_s8s8_dsp16__dsp_1x4(const mote_fullyconnected_s8s8_dsp16 *p, const int8_t *input,
                                             int8_t *output, void *scratch);

/* As mote_conv2d_s8s8_stream in conv2d.h, but with eight output channels to a group: blocks of 8 x 16 weights, then
 * bias[8], multiplier[8], shift[8]. */
typedef struct {
  int32_t rows, in_c, out_c;
  const int8_t *stream;
  int32_t depth; /* in_c, rounded up to 16 */
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_fullyconnected_s8s8_stream;

/* scratch: `depth` bytes where in_c is no multiple of 16; else not used. */
void mote_fullyconnected_s8s8_stream__mve(const mote_fullyconnected_s8s8_stream *p, const int8_t *input, int8_t *output,
                                          void *scratch);

/* Eight outputs at a time for Armv6-M, symmetric weights. A word holds an input's weights of four outputs: w0 + 128,
 * w1 + 128, w2 + 128 as unsigned bytes from the bottom, w3 as a signed one at the top; what an arithmetic shift leaves of
 * the word above a byte is taken off in the end, from the sums themselves. */
typedef struct {
  int32_t rows, in_c, out_c;
  const int32_t *weights; /* [ceil(out_c / 8)][in_c][2] words */
  const int32_t *bias;    /* one for each output of all blocks */
  const int32_t *scale;   /* for each output, a mote_thumb_scale */
  int32_t output_min, output_max;
  int32_t half, signs; /* see thumb_requantize.h */
} mote_fullyconnected_s8s8_bytes;

void mote_fullyconnected_s8s8_bytes__thumb(const mote_fullyconnected_s8s8_bytes *p, const int8_t *input,
                                           int8_t *output);

typedef struct {
  int32_t rows, in_c, out_c;
  const int8_t *weights;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t requantize_step;
  int32_t accumulator_bits; /* as in conv2d.h */
  int32_t output_min, output_max;
  int32_t rounding;
} mote_fullyconnected_s16s8;

void mote_fullyconnected_s16s8__ref(const mote_fullyconnected_s16s8 *p, const int16_t *input, int16_t *output);

typedef struct {
  int32_t rows, in_c, out_c;
  const float *weights;
  const float *bias;
  float output_min, output_max;
} mote_fullyconnected_f32f32;

void mote_fullyconnected_f32f32__ref(const mote_fullyconnected_f32f32 *p, const float *input, float *output);

/* int16 for DSP instructions: constants as those of mote_conv2d_s16s8_dsp. Scratch where in_c is no multiple of 4: 8 *
 * steps bytes; mote_fullyconnected_s16s8_dsp takes 8 more. */
typedef struct {
  int32_t rows, in_c, out_c;
  int32_t steps; /* fours of taps, the last one filled up */
  const int32_t *weights;
  int32_t output_min, output_max;
  int32_t mode;    /* dsp_finish16.h */
  int32_t clamped; /* 1: the bounds are narrower than what the mode saturates to */
} mote_fullyconnected_s16s8_dsp;

void mote_fullyconnected_s16s8_dsp__dsp_1x4(const mote_fullyconnected_s16s8_dsp *p, const int16_t *input,
                                            int16_t *output, void *scratch);

/* The same with sums of 64 bits: `weights` has for each four channels two words for each two taps. */
typedef struct {
  int32_t rows, in_c, out_c;
  int32_t steps;
  const int32_t *weights;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t requantize_step;
  int32_t accumulator_bits;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_fullyconnected_s16s8_dsplong;

void mote_fullyconnected_s16s8_dsplong__dsp_1x4(const mote_fullyconnected_s16s8_dsplong *p, const int16_t *input,
                                                int16_t *output, void *scratch);

#endif
