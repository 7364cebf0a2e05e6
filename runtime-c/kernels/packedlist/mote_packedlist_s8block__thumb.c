/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with blocks of weights kept, for Armv6-M (packedlist.h). */
#include "mote/packedlist_thumb.h"

void mote_packedlist_s8block__thumb(const mote_packedlist_s8block *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_convolve(p, input, output, scratch);
}
