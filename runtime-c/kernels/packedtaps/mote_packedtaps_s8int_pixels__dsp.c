/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution with packed weights and any window, for the DSP extension: dsp_depthwise_any.h. */
#include "mote/dsp_depthwise_any.h"
#include "mote/dsp_filters.h"

/* Weights are stored times two, a lane for each tap; an odd number of taps ends with one of weight 0. */
static int32_t *decode_group(const mote_packed_filters *f, int32_t first, int32_t taps, int32_t *k) {
  for (int32_t c = first; c < first + 4; c++) *k++ = f->factors[2 * c];
  for (int32_t t = 0; t < taps; t += 2) {
    for (int32_t c = first; c < first + 4; c++) {
      const uint32_t a = (uint32_t)(2 * mote_filter_at(f, c, t)) & 0xFFFFu;
      const uint32_t b = t + 1 < taps ? (uint32_t)(2 * mote_filter_at(f, c, t + 1)) : 0;
      *k++ = (int32_t)(a | b << 16);
    }
  }
  for (int32_t c = first; c < first + 4; c++, k += 3) mote_filter_rescale(f, c, k);
  return k;
}

void mote_packedtaps_s8int_pixels__dsp(const mote_packedtaps_s8int_pixels *p, const int8_t *input, int8_t *output,
                                       void *scratch) {
  mote_depthwiseconv2d_s8s8_any layer = p->layer;
  int32_t *k = (int32_t *)scratch;
  layer.constants = k;
  for (int32_t c = 0; c < layer.channels; c += 4)
    k = decode_group(&p->filters, c + 4 <= layer.channels ? c : layer.channels - 4, layer.kernel_h * layer.kernel_w, k);
  mote_dsp_depthwise_any(&layer, input, output, k);
}
