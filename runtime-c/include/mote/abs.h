/* SPDX-License-Identifier: Apache-2.0 */
/* abs: absolute value. The output may be the buffer of the input. */
#ifndef MOTE_ABS_H
#define MOTE_ABS_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_abs_f32;

void mote_abs_f32__ref(const mote_abs_f32 *p, const float *input, float *output);

#endif
