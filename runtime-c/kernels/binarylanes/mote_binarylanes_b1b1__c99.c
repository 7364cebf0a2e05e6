/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of signs by signs, 16 pixels at a time: signs. */
#include "mote/binary_lanes_signs.h"

void mote_binarylanes_b1b1__c99(const mote_binarylanes_b1b1 *p, const int32_t *input, int32_t *output, void *scratch) {
  mote_lanes v = mote_lanes_open(p, scratch);
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= v.pixels) {
    mote_lanes_next(p, &v, left);
    mote_lanes_tile(p, &v, input);
    mote_lanes_finish(p, &v, output);
    output += v.pixels * ((p->out_c + 31) >> 5);
  }
}
