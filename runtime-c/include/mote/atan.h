/* SPDX-License-Identifier: Apache-2.0 */
/* atan: arc tangent. The output may be the buffer of the input. */
#ifndef MOTE_ATAN_H
#define MOTE_ATAN_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_atan_f32;

void mote_atan_f32__ref(const mote_atan_f32 *p, const float *input, float *output);

#endif
