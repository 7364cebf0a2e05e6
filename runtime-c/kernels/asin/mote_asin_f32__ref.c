/* SPDX-License-Identifier: Apache-2.0 */
/* float32 asin: arc sine. */
#include "mote/asin.h"

#include "mote/trigonometry.h"

void mote_asin_f32__ref(const mote_asin_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_asinf(x);
  }
}
