/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution, 3 x 3, on Helium (mve_depthwise3x3.h). */
#include "mote/mve_depthwise3x3.h"

void mote_depthwiseconv2d_s8s8_stream3x3__mve(const mote_depthwiseconv2d_s8s8_stream3x3 *p, const int8_t *input,
                                              int8_t *output, void *scratch) {
  mote_mve_depthwise3x3(p, input, output, scratch);
}
