/* SPDX-License-Identifier: Apache-2.0 */
/* Concatenation of 4 int8 tensors of different scales on Helium. */
#include "mote/lutconcat.h"
#include "mote/mve_look_up.h"

void mote_lutconcat_s8s8s8s8__mve(const mote_lutconcat_s8s8s8s8 *p, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d,
                                  int8_t *output) {
  for (int32_t r = 0; r < p->outer; r++) {
    output = mote_mve_look_up(output, a + r * p->a_count, p->a_count, p->a_table);
    output = mote_mve_look_up(output, b + r * p->b_count, p->b_count, p->b_table);
    output = mote_mve_look_up(output, c + r * p->c_count, p->c_count, p->c_table);
    output = mote_mve_look_up(output, d + r * p->d_count, p->d_count, p->d_table);
  }
}
