/* SPDX-License-Identifier: Apache-2.0 */
/* int8 equal: a == b. */
#include "mote/equal.h"

#include "mote/broadcast.h"
#include "mote/compare.h"

void mote_equal_s8b8__ref(const mote_equal_s8b8 *p, const int8_t *first, const int8_t *second, uint8_t *output) {
  const int8_t *const from_a = p->a_constant ? p->a_constant : first;
  const int8_t *const from_b = p->b_constant ? p->b_constant : second;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int8_t *x = from_a + ia;
    const int8_t *y = from_b + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      *output++ = (uint8_t)(mote_comparable(&p->a, *x) == mote_comparable(&p->b, *y));
      x += p->a_strides[4];
      y += p->b_strides[4];
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
