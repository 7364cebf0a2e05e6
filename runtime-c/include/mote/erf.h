/* SPDX-License-Identifier: Apache-2.0 */
/* erf: error function. The output may be the buffer of the input. */
#ifndef MOTE_ERF_H
#define MOTE_ERF_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_erf_f32;

void mote_erf_f32__ref(const mote_erf_f32 *p, const float *input, float *output);

#endif
