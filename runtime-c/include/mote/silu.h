/* SPDX-License-Identifier: Apache-2.0 */
/* silu: x logistic(x). The output may be the buffer of the input. */
#ifndef MOTE_SILU_H
#define MOTE_SILU_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_silu_f32;

void mote_silu_f32__ref(const mote_silu_f32 *p, const float *input, float *output);

#endif
