/* SPDX-License-Identifier: Apache-2.0 */
/* softplus: log(1 + e^x). The output may be the buffer of the input. */
#ifndef MOTE_SOFTPLUS_H
#define MOTE_SOFTPLUS_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_softplus_f32;

void mote_softplus_f32__ref(const mote_softplus_f32 *p, const float *input, float *output);

#endif
