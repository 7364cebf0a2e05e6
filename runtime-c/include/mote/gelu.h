/* SPDX-License-Identifier: Apache-2.0 */
/* gelu: x Phi(x). The output may be the buffer of the input. */
#ifndef MOTE_GELU_H
#define MOTE_GELU_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_gelu_f32;

void mote_gelu_f32__ref(const mote_gelu_f32 *p, const float *input, float *output);

#endif
