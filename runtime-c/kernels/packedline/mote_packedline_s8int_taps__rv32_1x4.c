/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution with packed weights for RV32IM, any size. */
#include "mote/dwtaps_rv32.h"
#include "mote/packedline_decode.h"

void mote_packedline_s8int_taps__rv32_1x4(const mote_packedline_s8int_taps *p, const int8_t *input, int8_t *output,
                                          void *scratch) {
  const int32_t taps = p->layer.kernel_h * p->layer.kernel_w;
  const int32_t whole = p->layer.in_c & ~3;
  int8_t *const weights = (int8_t *)scratch + p->layer_bytes;
  for (int32_t c = 0; c < p->layer.in_c; c++) {
    if (c < whole) {
      mote_line_filter(&p->filters, c, taps, weights + (c & ~3) * taps + (c & 3), 4);
    } else {
      mote_line_filter(&p->filters, c, taps, weights + c * taps, 1);
    }
  }
  mote_dwtaps_run(&p->layer, weights, input, output, scratch);
}
