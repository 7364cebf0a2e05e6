/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with blocks of weights kept, for RV32IM (packedlist.h). */
#include "mote/packedlist_rv32.h"

void mote_packedlist_s8block__rv32(const mote_packedlist_s8block *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_convolve(p, input, output, scratch);
}
