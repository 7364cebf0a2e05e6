/* SPDX-License-Identifier: Apache-2.0 */
/* asinh: inverse hyperbolic sine. The output may be the buffer of the input. */
#ifndef MOTE_ASINH_H
#define MOTE_ASINH_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_asinh_f32;

void mote_asinh_f32__ref(const mote_asinh_f32 *p, const float *input, float *output);

#endif
