/* SPDX-License-Identifier: Apache-2.0 */
/* shrink: x moved by bias toward 0 outside of +-lambd, else 0. The output may be the buffer of the input. */
#ifndef MOTE_SHRINK_H
#define MOTE_SHRINK_H

#include <stdint.h>

typedef struct {
  int32_t count;
  float lambd, bias;
} mote_shrink_f32;

void mote_shrink_f32__ref(const mote_shrink_f32 *p, const float *input, float *output);

#endif
