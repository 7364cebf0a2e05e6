/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise 3x3 convolution for RV32IM, along lines. */
#include "mote/dwline_rv32.h"

void mote_dwline_s8s8__rv32_3x3(const mote_dwline_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_dwline_run(p, p->weights, input, output, scratch);
}
