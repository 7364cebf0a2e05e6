/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution with channels in lanes (rvv_depthwise.h). */
#include "mote/rvv_depthwise.h"

void mote_lanedepthwise_s8s8__rvv(const mote_lanedepthwise_s8s8 *p, const int8_t *input, int8_t *output,
                                  void *scratch) {
  mote_rvv_depthwise(p, input, output, scratch);
}
