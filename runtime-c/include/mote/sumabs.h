/* SPDX-License-Identifier: Apache-2.0 */
/* sumAbs: the sum of absolute values over some dimensions. The dimensions that are kept and those that are reduced, each outermost
 * first and padded in front with 1, with their strides in the input. The output must not overlap the input. */
#ifndef MOTE_SUMABS_H
#define MOTE_SUMABS_H

#include <stdint.h>

typedef struct {
  int32_t kept_dims[3], kept_strides[3];
  int32_t reduced_dims[3], reduced_strides[3];
} mote_sumabs_f32;

void mote_sumabs_f32__ref(const mote_sumabs_f32 *p, const float *input, float *output);

#endif
