/* SPDX-License-Identifier: Apache-2.0 */
/* float32 mod: the remainder of a / b with the sign of a; integers divided by 0 give 0. */
#include "mote/mod.h"

#include "mote/broadcast.h"
#include "mote/floatmath.h"

void mote_mod_f32__ref(const mote_mod_f32 *p, const float *first, const float *second, float *output) {
  const float *const from_a = p->a_constant ? p->a_constant : first;
  const float *const from_b = p->b_constant ? p->b_constant : second;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const float *x = from_a + ia;
    const float *y = from_b + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      const float a = *x;
      const float b = *y;
      *output++ = mote_fmodf(a, b);
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
