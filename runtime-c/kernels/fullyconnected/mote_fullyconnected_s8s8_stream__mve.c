/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer on Helium: eight outputs at a time. */
#include "mote/fullyconnected.h"
#include "mote/mve_stream.h"

void mote_fullyconnected_s8s8_stream__mve(const mote_fullyconnected_s8s8_stream *p, const int8_t *input, int8_t *output,
                                          void *scratch) {
  const mote_mve_output o = mote_mve_output_of(p->output_min, p->output_max, p->output_zero_point);
  const int32_t group_bytes = 8 * p->depth + 96;
  const int32_t groups = p->out_c >> 3;
  const int8_t *const end = p->stream + groups * group_bytes;
  for (int32_t r = 0; r < p->rows; r++) {
    const int8_t *x = input;
    if (p->in_c != p->depth) {
      mote_mve_copy(scratch, input, p->in_c);
      x = scratch;
    }
    if (groups > 0) mote_mve_row(x, p->depth, p->stream, end, output, &o, p->rounding);
    if (p->out_c & 7) {
      int8_t spare[8];
      mote_mve_row(x, p->depth, end, end + group_bytes, spare, &o, p->rounding);
      for (int32_t c = groups * 8; c < p->out_c; c++) output[c] = spare[c & 7];
    }
    input += p->in_c;
    output += p->out_c;
  }
}
