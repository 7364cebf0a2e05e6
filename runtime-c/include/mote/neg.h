/* SPDX-License-Identifier: Apache-2.0 */
/* neg: -x. The output may be the buffer of the input. */
#ifndef MOTE_NEG_H
#define MOTE_NEG_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_neg_f32;

void mote_neg_f32__ref(const mote_neg_f32 *p, const float *input, float *output);

#endif
