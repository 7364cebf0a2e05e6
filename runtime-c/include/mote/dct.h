/* SPDX-License-Identifier: Apache-2.0 */
/* A linear map of each frame of logarithms in Q16 (rows of a cosine transform), quantized. */
#ifndef MOTE_DCT_H
#define MOTE_DCT_H

#include <stdint.h>

typedef struct {
  int32_t frames;
  int32_t channels;
  int32_t coefficients;
  const int16_t *weights; /* coefficients x channels */
  int32_t multiplier;     /* of the sum without its lowest 15 bits */
  int32_t shift;
  int32_t zero_point;
} mote_dct_s32;

void mote_dct_s32__ref(const mote_dct_s32 *p, const int32_t *input, int8_t *output);

#endif
