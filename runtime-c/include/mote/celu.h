/* SPDX-License-Identifier: Apache-2.0 */
/* celu: x above 0, alpha (e^(x / alpha) - 1) below. The output may be the buffer of the input. */
#ifndef MOTE_CELU_H
#define MOTE_CELU_H

#include <stdint.h>

typedef struct {
  int32_t count;
  float alpha;
} mote_celu_f32;

void mote_celu_f32__ref(const mote_celu_f32 *p, const float *input, float *output);

#endif
