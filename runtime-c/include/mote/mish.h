/* SPDX-License-Identifier: Apache-2.0 */
/* mish: x tanh(log(1 + e^x)). The output may be the buffer of the input. */
#ifndef MOTE_MISH_H
#define MOTE_MISH_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_mish_f32;

void mote_mish_f32__ref(const mote_mish_f32 *p, const float *input, float *output);

#endif
