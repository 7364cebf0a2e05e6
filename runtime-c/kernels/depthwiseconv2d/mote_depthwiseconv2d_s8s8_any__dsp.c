/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution with any window, for the DSP extension: dsp_depthwise_any.h. */
#include "mote/dsp_depthwise_any.h"

void mote_depthwiseconv2d_s8s8_any__dsp(const mote_depthwiseconv2d_s8s8_any *p, const int8_t *input,
                                        int8_t *output, void *scratch) {
  mote_dsp_depthwise_any(p, input, output, scratch);
}
