/* SPDX-License-Identifier: Apache-2.0 */
/* exp: e^x. The output may be the buffer of the input. */
#ifndef MOTE_EXP_H
#define MOTE_EXP_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_exp_f32;

void mote_exp_f32__ref(const mote_exp_f32 *p, const float *input, float *output);

#endif
