/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution on Helium (mve_depthwise.h). */
#include "mote/mve_depthwise.h"

void mote_depthwiseconv2d_s8s8_stream__mve(const mote_depthwiseconv2d_s8s8_stream *p, const int8_t *input,
                                           int8_t *output, void *scratch) {
  mote_mve_depthwise(p, input, output, scratch);
}
