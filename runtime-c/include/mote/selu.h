/* SPDX-License-Identifier: Apache-2.0 */
/* selu: gamma x above 0, gamma alpha (e^x - 1) below. The output may be the buffer of the input. */
#ifndef MOTE_SELU_H
#define MOTE_SELU_H

#include <stdint.h>

typedef struct {
  int32_t count;
  float alpha, gamma;
} mote_selu_f32;

void mote_selu_f32__ref(const mote_selu_f32 *p, const float *input, float *output);

#endif
