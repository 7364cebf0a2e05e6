/* SPDX-License-Identifier: Apache-2.0 */
/* int16 mean over pixels for the DSP extension: two channels at a time; the last two may repeat one. */
#include "mote/dsp_pool16.h"
#include "mote/mean.h"
#include "mote/requantize.h"

static int16_t finish(const mote_mean_s16 *p, int32_t sum, int32_t count) {
  if (p->same_scale) return (int16_t)(sum / count);
  return (int16_t)mote_requantize_to(sum - p->input_zero_point * count, p->multiplier, p->shift, p->rounding,
                                     p->output_zero_point, -32768, 32767);
}

void mote_mean_s16__dsp(const mote_mean_s16 *p, const int16_t *input, int16_t *output) {
  const int32_t channels = p->kept_dims[2];
  const int32_t pixels = p->reduced_dims[2];
  for (int32_t c = 0; c < channels; c += 2) {
    const int32_t at = c + 2 <= channels ? c : channels - 2;
    mote_dsp16_sums sums = {0, 0};
    sums = mote_dsp16_add_pixels(sums, input + at, channels, pixels);
    output[at] = finish(p, sums.low, pixels);
    output[at + 1] = finish(p, sums.high, pixels);
  }
}
