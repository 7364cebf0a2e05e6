/* SPDX-License-Identifier: Apache-2.0 */
/* sin: sine. The output may be the buffer of the input. */
#ifndef MOTE_SIN_H
#define MOTE_SIN_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_sin_f32;

void mote_sin_f32__ref(const mote_sin_f32 *p, const float *input, float *output);

#endif
