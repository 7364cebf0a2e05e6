/* SPDX-License-Identifier: Apache-2.0 */
/* acosh: inverse hyperbolic cosine. The output may be the buffer of the input. */
#ifndef MOTE_ACOSH_H
#define MOTE_ACOSH_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_acosh_f32;

void mote_acosh_f32__ref(const mote_acosh_f32 *p, const float *input, float *output);

#endif
