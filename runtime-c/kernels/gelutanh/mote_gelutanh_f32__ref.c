/* SPDX-License-Identifier: Apache-2.0 */
/* float32 geluTanh: the approximation of gelu by a tanh. */
#include "mote/gelutanh.h"

#include "mote/activations.h"

void mote_gelutanh_f32__ref(const mote_gelutanh_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_gelutanhf(x);
  }
}
