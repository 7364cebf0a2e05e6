/* SPDX-License-Identifier: Apache-2.0 */
/* ceil: smallest integer not below x. The output may be the buffer of the input. */
#ifndef MOTE_CEIL_H
#define MOTE_CEIL_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_ceil_f32;

void mote_ceil_f32__ref(const mote_ceil_f32 *p, const float *input, float *output);

#endif
