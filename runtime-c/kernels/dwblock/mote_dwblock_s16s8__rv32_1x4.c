/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 depthwise convolution of any shape for RV32IM. */
#include "mote/dwblock.h"

typedef int16_t mote_block_x;

#include "mote/dwblock_rv32.h"

#include "mote/dwblock_drive.h"

void mote_dwblock_s16s8__rv32_1x4(const mote_dwblock_s16s8 *p, const int16_t *input, int16_t *output, void *scratch) {
  convolve_bands(p, input, output, scratch);
}
