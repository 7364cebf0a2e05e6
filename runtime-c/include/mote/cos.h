/* SPDX-License-Identifier: Apache-2.0 */
/* cos: cosine. The output may be the buffer of the input. */
#ifndef MOTE_COS_H
#define MOTE_COS_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_cos_f32;

void mote_cos_f32__ref(const mote_cos_f32 *p, const float *input, float *output);

#endif
