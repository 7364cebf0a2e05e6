/* SPDX-License-Identifier: Apache-2.0 */
/* Concatenation of 3 int8 tensors of different scales, elements in lanes. */
#include "mote/lutconcat.h"
#include "mote/rvv_look_up.h"

void mote_lutconcat_s8s8s8__rvv(const mote_lutconcat_s8s8s8 *p, const int8_t *a, const int8_t *b, const int8_t *c,
                                int8_t *output) {
  for (int32_t r = 0; r < p->outer; r++) {
    output = mote_rvv_look_up(output, a + r * p->a_count, p->a_count, p->a_table);
    output = mote_rvv_look_up(output, b + r * p->b_count, p->b_count, p->b_table);
    output = mote_rvv_look_up(output, c + r * p->c_count, p->c_count, p->c_table);
  }
}
