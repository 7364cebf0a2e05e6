/* SPDX-License-Identifier: Apache-2.0 */
/* sinh: hyperbolic sine. The output may be the buffer of the input. */
#ifndef MOTE_SINH_H
#define MOTE_SINH_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_sinh_f32;

void mote_sinh_f32__ref(const mote_sinh_f32 *p, const float *input, float *output);

#endif
