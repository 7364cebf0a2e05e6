/* SPDX-License-Identifier: Apache-2.0 */
/* A choice between elements of 32 bits. */
#include "mote/where.h"

void mote_where_x32__ref(const mote_where_x32 *p, const uint8_t *condition, const void *first, const void *second, void *output) {
  const uint32_t *const from_a = (const uint32_t *)(p->a_constant ? p->a_constant : first);
  const uint32_t *const from_b = (const uint32_t *)(p->b_constant ? p->b_constant : second);
  uint32_t *out = (uint32_t *)output;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ic = 0;
  int32_t ia = 0;
  int32_t ib = 0;
  int d = 0;
  while (d >= 0) {
    const uint8_t *c = condition + ic;
    const uint32_t *a = from_a + ia;
    const uint32_t *b = from_b + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      *out++ = *c ? *a : *b;
      c += p->condition_strides[4];
      a += p->a_strides[4];
      b += p->b_strides[4];
    }
    for (d = 3; d >= 0; d--) {
      const int32_t back = ++index[d] < p->dims[d] ? 0 : p->dims[d];
      ic += p->condition_strides[d] * (1 - back);
      ia += p->a_strides[d] * (1 - back);
      ib += p->b_strides[d] * (1 - back);
      if (back == 0) break;
      index[d] = 0;
    }
  }
}
