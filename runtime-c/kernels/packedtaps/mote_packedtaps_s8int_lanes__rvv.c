/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution with packed weights on RVV (packedtaps.h). */
#include "mote/rvv_depthwise.h"
#include "mote/rvv_taps.h"

void mote_packedtaps_s8int_lanes__rvv(const mote_packedtaps_s8int_lanes *p, const int8_t *input, int8_t *output,
                                      void *scratch) {
  int8_t *const weights = (int8_t *)scratch + 12 * (p->out_w - 3 * p->triples);
  mote_rvv_taps(p, weights);
  const mote_lanedepthwise_s8s8 layer = {
      p->in_h,       p->in_w,      p->channels,   p->out_h,        p->out_w,     p->kernel_h,    p->kernel_w,
      p->stride_h,   p->stride_w,  p->dilation_h, p->dilation_w,   p->pad_top,   p->pad_left,    p->inner_begin,
      p->triples,    p->inner_top, p->inner_bottom, weights,       p->bias,      p->multiplier,  p->shift,
      p->pre_shift,  p->zero_shifts, p->input_zero_point, p->output_zero_point, p->output_min, p->output_max, p->rounding};
  mote_rvv_depthwise(&layer, input, output, scratch);
}
