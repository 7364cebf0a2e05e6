/* SPDX-License-Identifier: Apache-2.0 */
/* sqrt: square root. The output may be the buffer of the input. */
#ifndef MOTE_SQRT_H
#define MOTE_SQRT_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_sqrt_f32;

void mote_sqrt_f32__ref(const mote_sqrt_f32 *p, const float *input, float *output);

#endif
