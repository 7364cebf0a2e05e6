/* SPDX-License-Identifier: Apache-2.0 */
/* float32 tanh(x). */
#include "mote/tanh.h"

#include "mote/float.h"

void mote_tanh_f32__ref(const mote_tanh_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) output[i] = mote_tanhf(input[i]);
}
