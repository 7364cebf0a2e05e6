/* SPDX-License-Identifier: Apache-2.0 */
/* bool xor: !a != !b. */
#include "mote/xor.h"

#include "mote/broadcast.h"

void mote_xor_b8__ref(const mote_xor_b8 *p, const uint8_t *first, const uint8_t *second, uint8_t *output) {
  const uint8_t *const from_a = p->a_constant ? p->a_constant : first;
  const uint8_t *const from_b = p->b_constant ? p->b_constant : second;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const uint8_t *x = from_a + ia;
    const uint8_t *y = from_b + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      const uint8_t a = *x;
      const uint8_t b = *y;
      *output++ = (uint8_t)(!a != !b);
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
