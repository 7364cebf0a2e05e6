/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution, 3 x 3, stride 1, for the DSP extension: dsp_depthwise3x3.h. */
#include "mote/dsp_depthwise3x3.h"

static const int32_t *constants_of(const void *context, int32_t group_index, int32_t c) {
  (void)c;
  return ((const mote_depthwiseconv2d_s8s8_3x3 *)context)->constants + 4 * constant_words * group_index;
}

void mote_depthwiseconv2d_s8s8_3x3__dsp(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input,
                                        int8_t *output, void *scratch) {
  mote_dsp_depthwise3x3(p, input, output, scratch, constants_of, p);
}
