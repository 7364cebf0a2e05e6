/* SPDX-License-Identifier: Apache-2.0 */
/* cosh: hyperbolic cosine. The output may be the buffer of the input. */
#ifndef MOTE_COSH_H
#define MOTE_COSH_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_cosh_f32;

void mote_cosh_f32__ref(const mote_cosh_f32 *p, const float *input, float *output);

#endif
