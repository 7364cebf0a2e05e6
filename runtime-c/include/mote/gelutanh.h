/* SPDX-License-Identifier: Apache-2.0 */
/* geluTanh: the approximation of gelu by a tanh. The output may be the buffer of the input. */
#ifndef MOTE_GELUTANH_H
#define MOTE_GELUTANH_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_gelutanh_f32;

void mote_gelutanh_f32__ref(const mote_gelutanh_f32 *p, const float *input, float *output);

#endif
