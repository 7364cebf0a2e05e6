/* SPDX-License-Identifier: Apache-2.0 */
/* int32 floorMod: the remainder of a / b with the sign of b; integers divided by 0 give 0. */
#include "mote/floormod.h"

#include "mote/broadcast.h"
#include "mote/integermath.h"

void mote_floormod_s32__ref(const mote_floormod_s32 *p, const int32_t *first, const int32_t *second, int32_t *output) {
  const int32_t *const from_a = p->a_constant ? p->a_constant : first;
  const int32_t *const from_b = p->b_constant ? p->b_constant : second;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int32_t *x = from_a + ia;
    const int32_t *y = from_b + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      const int32_t a = *x;
      const int32_t b = *y;
      *output++ = mote_floor_modulo(a, b);
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
