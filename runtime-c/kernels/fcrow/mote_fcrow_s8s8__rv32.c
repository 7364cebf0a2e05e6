/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer for RV32IM, one output at a time. */
#include "mote/fcrow.h"

void mote_fcrow_s8s8__rv32(const mote_fcrow_s8s8 *p, const int8_t *input, int8_t *output) {
  const mote_rv32_output o = p->output;
  for (int32_t row = 0; row < p->rows; row++) {
    const int8_t *w = p->weights;
    const int32_t *c = p->channels;
    for (int32_t k = 0; k < p->out_c; k++) {
      *output++ = mote_rv32_finish(mote_fcrow_dot(input, w, p->in_c, c[0]), c, &o);
      w += p->in_c;
      c += MOTE_RV32_CHANNEL;
    }
    input += p->in_c;
  }
}
