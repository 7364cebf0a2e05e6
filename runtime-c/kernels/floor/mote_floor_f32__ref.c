/* SPDX-License-Identifier: Apache-2.0 */
/* float32 floor: largest integer not above x. */
#include "mote/floor.h"

#include "mote/floatmath.h"

void mote_floor_f32__ref(const mote_floor_f32 *p, const float *input, float *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const float x = input[i];
    output[i] = mote_floorf(x);
  }
}
