/* SPDX-License-Identifier: Apache-2.0 */
/* int8 by int8 convolution of any shape for Armv6-M. */
#include "mote/convblock.h"

typedef int8_t mote_block_x;

#include "mote/convblock_thumb.h"
#include "mote/convblock_drive.h"

void mote_convblock_s8s8__thumb_4x1(const mote_convblock_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  convolve_blocks(p, input, output, scratch);
}
