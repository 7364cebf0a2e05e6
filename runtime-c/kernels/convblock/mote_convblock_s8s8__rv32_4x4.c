/* SPDX-License-Identifier: Apache-2.0 */
/* int8 by int8 convolution of any shape for RV32IM. */
#include "mote/convblock.h"

typedef int8_t mote_block_x;

#include "mote/convblock_rv32.h"
#include "mote/convblock_drive.h"

void mote_convblock_s8s8__rv32_4x4(const mote_convblock_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  convolve_blocks(p, input, output, scratch);
}
