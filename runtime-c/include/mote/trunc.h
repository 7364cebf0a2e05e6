/* SPDX-License-Identifier: Apache-2.0 */
/* trunc: x without its fraction. The output may be the buffer of the input. */
#ifndef MOTE_TRUNC_H
#define MOTE_TRUNC_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_trunc_f32;

void mote_trunc_f32__ref(const mote_trunc_f32 *p, const float *input, float *output);

#endif
