/* SPDX-License-Identifier: Apache-2.0 */
/* int8 mean over pixels for the DSP extension: four channels at a time; the last four may repeat some. */
#include "mote/dsp_pool.h"
#include "mote/mean.h"
#include "mote/requantize.h"

enum { most_pixels = 255 }; /* of one pair of int16 sums */

static void sum_four(const int8_t *x, int32_t channels, int32_t pixels, int32_t *sums) {
  for (int32_t c = 0; c < 4; c++) sums[c] = 0;
  while (pixels > 0) {
    const int32_t count = pixels < most_pixels ? pixels : most_pixels;
    mote_dsp_sums part = {0, 0};
    part = mote_dsp_add_pixels(part, x, channels, count);
    for (int32_t c = 0; c < 4; c++) sums[c] += mote_dsp_sum_of(part, c);
    x += count * channels;
    pixels -= count;
  }
}

static int32_t finish(const mote_mean_s8 *p, int32_t sum, int32_t count) {
  if (p->same_scale) return sum / count;
  return mote_requantize_to(sum - p->input_zero_point * count, p->multiplier, p->shift, p->rounding,
                            p->output_zero_point, -128, 127);
}

void mote_mean_s8__dsp(const mote_mean_s8 *p, const int8_t *input, int8_t *output) {
  const int32_t channels = p->kept_dims[2];
  const int32_t pixels = p->reduced_dims[2];
  for (int32_t c = 0; c < channels; c += 4) {
    const int32_t at = c + 4 <= channels ? c : channels - 4;
    int32_t sums[4];
    sum_four(input + at, channels, pixels, sums);
    for (int32_t i = 0; i < 4; i++) output[at + i] = (int8_t)finish(p, sums[i], pixels);
  }
}
