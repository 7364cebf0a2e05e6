/* SPDX-License-Identifier: Apache-2.0 */
/* square: x * x. The output may be the buffer of the input. */
#ifndef MOTE_SQUARE_H
#define MOTE_SQUARE_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_square_f32;

void mote_square_f32__ref(const mote_square_f32 *p, const float *input, float *output);

#endif
