/* SPDX-License-Identifier: Apache-2.0 */
/* round: nearest integer, ties to even. The output may be the buffer of the input. */
#ifndef MOTE_ROUND_H
#define MOTE_ROUND_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_round_f32;

void mote_round_f32__ref(const mote_round_f32 *p, const float *input, float *output);

#endif
