/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution for RV32IM, any size. */
#include "mote/dwtaps_rv32.h"

void mote_dwtaps_s8s8__rv32_1x4(const mote_dwtaps_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_dwtaps_run(p, p->weights, input, output, scratch);
}
