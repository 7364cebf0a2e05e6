/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of integers, each with a scale, by integer weights; float32 out:
 * output[r][c] = (float)sum * (scales[c] * input_scales[r]). */
#ifndef MOTE_DYNAMICFULLYCONNECTED_H
#define MOTE_DYNAMICFULLYCONNECTED_H

#include <stdint.h>

typedef struct {
  int32_t rows, in_c, out_c;
  const int8_t *weights; /* out_c x in_c */
  const float *scales;   /* out_c */
} mote_dynamicfullyconnected_s8s8;

void mote_dynamicfullyconnected_s8s8__ref(const mote_dynamicfullyconnected_s8s8 *p, const int8_t *input,
                                          const float *input_scales, float *output);

/* scratch: in_c int16, at least 4 bytes. */
void mote_dynamicfullyconnected_s8s8__dsp(const mote_dynamicfullyconnected_s8s8 *p, const int8_t *input,
                                          const float *input_scales, float *output, uint8_t *scratch);

/* Weights of four bits in groups of 32 columns: group_scale * (code - zero). */
typedef struct {
  int32_t rows, in_c, out_c;
  int32_t groups;              /* of a row: in_c / 32, rounded up */
  const int32_t *codes;        /* out_c x groups x 4 words of eight codes, the first in the lowest bits */
  const uint8_t *group_scales; /* out_c x groups */
  const uint8_t *zeros;        /* out_c x groups */
  const float *scales;         /* out_c */
} mote_dynamicfullyconnected_s8s4_g32;

void mote_dynamicfullyconnected_s8s4_g32__ref(const mote_dynamicfullyconnected_s8s4_g32 *p, const int8_t *input,
                                              const float *input_scales, float *output);

/* scratch: 68 bytes for each group of a row. */
void mote_dynamicfullyconnected_s8s4_g32__dsp(const mote_dynamicfullyconnected_s8s4_g32 *p, const int8_t *input,
                                              const float *input_scales, float *output, uint8_t *scratch);

#endif
