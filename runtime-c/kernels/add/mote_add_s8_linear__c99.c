/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b or a - b with broadcasting as one linear form in 32 bits. */
#include "mote/add.h"
#include "mote/broadcast.h"
#include "mote/requantize.h"

void mote_add_s8_linear__c99(const mote_add_s8_linear *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const int8_t *const first = p->a_constant ? p->a_constant : a;
  const int8_t *const second = p->b_constant ? p->b_constant : b;
  /* Copies: the compiler must think that a store to `output` may change *p. */
  const uint32_t a_factor = (uint32_t)p->a_factor;
  const uint32_t b_factor = (uint32_t)p->b_factor;
  const uint32_t offset = (uint32_t)p->offset;
  const int32_t shift = p->shift;
  const int32_t min = p->output_min;
  const int32_t max = p->output_max;
  const int32_t count = p->dims[4];
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  do {
    const int8_t *x = first + ia;
    const int8_t *y = second + ib;
    for (int32_t i = 0; i < count; i++) {
      const uint32_t sum = (uint32_t)*x * a_factor + (uint32_t)*y * b_factor;
      const int32_t value = (int32_t)(sum + offset) >> shift;
      *output++ = (int8_t)mote_clamp(value, min, max);
      x += a_step;
      y += b_step;
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
