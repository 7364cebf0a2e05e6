/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `depth` elements minus their mean (where `centre` is 1), divided by the root of their mean square plus epsilon,
 * times scale, plus bias; either may be null. The output may be the buffer of the input. */
#ifndef MOTE_LAYERNORM_H
#define MOTE_LAYERNORM_H

#include <stdint.h>

typedef struct {
  int32_t rows, depth;
  int32_t centre;
  float epsilon;
  const float *scale;
  const float *bias;
} mote_layernorm_f32;

void mote_layernorm_f32__ref(const mote_layernorm_f32 *p, const float *input, float *output);

#endif
