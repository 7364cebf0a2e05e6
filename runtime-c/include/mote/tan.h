/* SPDX-License-Identifier: Apache-2.0 */
/* tan: tangent. The output may be the buffer of the input. */
#ifndef MOTE_TAN_H
#define MOTE_TAN_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_tan_f32;

void mote_tan_f32__ref(const mote_tan_f32 *p, const float *input, float *output);

#endif
