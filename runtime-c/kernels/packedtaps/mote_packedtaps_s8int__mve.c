/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution with packed weights on Helium (packedtaps.h). */
#include "mote/mve_depthwise.h"
#include "mote/mve_taps.h"

void mote_packedtaps_s8int__mve(const mote_packedtaps_s8int *p, const int8_t *input, int8_t *output, void *scratch) {
  int8_t *const rest = mote_mve_taps(p, scratch);
  const mote_depthwiseconv2d_s8s8_stream layer = {
      p->in_h,       p->in_w,       p->in_c,     p->out_h,    p->out_w,  p->out_c, p->kernel_h, p->kernel_w,
      p->stride_h,   p->stride_w,   p->dilation_h, p->dilation_w, p->pad_top, p->pad_left, scratch,
      p->input_zero_point, p->output_zero_point, p->output_min, p->output_max, p->rounding};
  mote_mve_depthwise(&layer, input, output, rest);
}
