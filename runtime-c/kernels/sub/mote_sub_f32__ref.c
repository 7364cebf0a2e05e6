/* SPDX-License-Identifier: Apache-2.0 */
/* float32 a - b with broadcasting. */
#include "mote/sub.h"

#include "mote/broadcast.h"

void mote_sub_f32__ref(const mote_sub_f32 *p, const float *a, const float *b, float *output) {
  const float *const first = p->a_constant ? p->a_constant : a;
  const float *const second = p->b_constant ? p->b_constant : b;
  int32_t index[4] = {0, 0, 0, 0};
  int32_t ia = 0;
  int32_t ib = 0;
  const int32_t a_step = p->a_strides[4];
  const int32_t b_step = p->b_strides[4];
  do {
    const float *x = first + ia;
    const float *y = second + ib;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      const float v = *x - *y;
      *output++ = v < p->output_min ? p->output_min : v > p->output_max ? p->output_max : v;
      x += a_step;
      y += b_step;
    }
  } while (mote_broadcast_next(p->dims, p->a_strides, p->b_strides, index, &ia, &ib));
}
