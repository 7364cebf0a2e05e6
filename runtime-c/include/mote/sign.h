/* SPDX-License-Identifier: Apache-2.0 */
/* -1 below zero, 1 above, `zero` at zero. The output may be the buffer of the input. int8 is a table: lut.h. */
#ifndef MOTE_SIGN_H
#define MOTE_SIGN_H

#include <stdint.h>

typedef struct {
  int32_t count;
  float zero;
} mote_sign_f32;

void mote_sign_f32__ref(const mote_sign_f32 *p, const float *input, float *output);

#endif
