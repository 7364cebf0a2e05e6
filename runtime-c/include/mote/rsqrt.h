/* SPDX-License-Identifier: Apache-2.0 */
/* rsqrt: 1 / square root. The output may be the buffer of the input. */
#ifndef MOTE_RSQRT_H
#define MOTE_RSQRT_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_rsqrt_f32;

void mote_rsqrt_f32__ref(const mote_rsqrt_f32 *p, const float *input, float *output);

#endif
