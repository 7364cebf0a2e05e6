/* SPDX-License-Identifier: Apache-2.0 */
/* x * min(6, max(0, x + 3)) / 6. The output may be the buffer of the input. int8 is a table: lut.h. */
#ifndef MOTE_HARDSWISH_H
#define MOTE_HARDSWISH_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_hardswish_f32;

void mote_hardswish_f32__ref(const mote_hardswish_f32 *p, const float *input, float *output);

#endif
