/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution with packed weights, 3 x 3, stride 1, for the DSP extension: dsp_depthwise3x3.h. */
#include "mote/dsp_depthwise3x3.h"
#include "mote/dsp_filters.h"

/* What the constants are made from and where. */
typedef struct {
  const mote_packed_filters *filters;
  int32_t *constants;
} decoder;

static MOTE_DSP_NOINLINE void decode(const mote_packed_filters *f, int32_t channel, int32_t *k) {
#pragma GCC unroll 1
  for (int32_t x = 0; x < 3; x++) {
    const uint32_t top = (uint32_t)mote_filter_at(f, channel, x) & 0xFFu;
    const uint32_t middle = (uint32_t)mote_filter_at(f, channel, 3 + x) & 0xFFu;
    const uint32_t bottom = (uint32_t)mote_filter_at(f, channel, 6 + x);
    k[x] = (int32_t)(top | middle << 8 | middle << 16 | bottom << 24);
  }
  k[3] = f->factors[2 * channel];
  mote_filter_rescale(f, channel, k + 4);
}

static const int32_t *constants_of(const void *context, int32_t group_index, int32_t c) {
  (void)group_index;
  const decoder *const d = (const decoder *)context;
  for (int32_t i = 0; i < 4; i++) decode(d->filters, c + i, d->constants + constant_words * i);
  return d->constants;
}

void mote_packedtaps_s8int_rows__dsp(const mote_packedtaps_s8int_rows *p, const int8_t *input, int8_t *output,
                                     void *scratch) {
  const decoder d = {&p->filters, (int32_t *)scratch};
  mote_dsp_depthwise3x3(&p->layer, input, output, (int32_t *)scratch + 4 * constant_words, constants_of, &d);
}
