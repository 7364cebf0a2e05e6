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

void mote_fullyconnected_s8s8_dsp__dsp_1x4(const mote_fullyconnected_s8s8_dsp *p, const int8_t *input, int8_t *output,
                                           void *scratch);
void mote_fullyconnected_s8s8_dspwide__dsp_1x4(const mote_fullyconnected_s8s8_dspwide *p, const int8_t *input,
                                               int8_t *output, void *scratch);

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

#endif
