/* SPDX-License-Identifier: Apache-2.0 */
/* int8 by int8 depthwise convolution of any shape for Armv6-M. */
#include "mote/dwblock.h"

typedef int8_t mote_block_x;

#include "mote/dwblock_thumb.h"

#include "mote/dwblock_drive.h"

void mote_dwblock_s8s8__thumb_1x4(const mote_dwblock_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  convolve_bands(p, input, output, scratch);
}
