/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution with packed weights for Armv6-M (packedplane.h). */
#include "mote/packedplane_weights.h"

void mote_packedplane_s8int__thumb(const mote_packedplane_s8int *p, const int8_t *input, int8_t *output,
                                   void *scratch) {
  plane_convolve(p, input, output, scratch);
}
