/* SPDX-License-Identifier: Apache-2.0 */
/* reciprocal: 1 / x. The output may be the buffer of the input. */
#ifndef MOTE_RECIPROCAL_H
#define MOTE_RECIPROCAL_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_reciprocal_f32;

void mote_reciprocal_f32__ref(const mote_reciprocal_f32 *p, const float *input, float *output);

#endif
