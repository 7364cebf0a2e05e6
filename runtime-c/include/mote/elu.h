/* SPDX-License-Identifier: Apache-2.0 */
/* elu: x above 0, alpha (e^x - 1) below. The output may be the buffer of the input. */
#ifndef MOTE_ELU_H
#define MOTE_ELU_H

#include <stdint.h>

typedef struct {
  int32_t count;
  float alpha;
} mote_elu_f32;

void mote_elu_f32__ref(const mote_elu_f32 *p, const float *input, float *output);

#endif
