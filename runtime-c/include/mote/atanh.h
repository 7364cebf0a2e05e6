/* SPDX-License-Identifier: Apache-2.0 */
/* atanh: inverse hyperbolic tangent. The output may be the buffer of the input. */
#ifndef MOTE_ATANH_H
#define MOTE_ATANH_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_atanh_f32;

void mote_atanh_f32__ref(const mote_atanh_f32 *p, const float *input, float *output);

#endif
