/* SPDX-License-Identifier: Apache-2.0 */
/* acos: arc cosine. The output may be the buffer of the input. */
#ifndef MOTE_ACOS_H
#define MOTE_ACOS_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_acos_f32;

void mote_acos_f32__ref(const mote_acos_f32 *p, const float *input, float *output);

#endif
