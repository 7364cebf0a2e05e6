/* SPDX-License-Identifier: Apache-2.0 */
/* int8 mean over pixels for cores without SIMD: four channels at a time. */
#include "mote/mean.h"
#include "mote/requantize.h"

static int8_t finish(const mote_mean_s8 *p, int32_t sum) {
  const int32_t pixels = p->reduced_dims[2];
  if (p->same_scale) return (int8_t)(sum / pixels);
  return (int8_t)mote_requantize_to(sum - p->input_zero_point * pixels, p->multiplier, p->shift, p->rounding,
                                    p->output_zero_point, -128, 127);
}

void mote_mean_s8__scalar(const mote_mean_s8 *p, const int8_t *input, int8_t *output) {
  const int32_t channels = p->kept_dims[2];
  const int32_t pixels = p->reduced_dims[2];
  int32_t left = channels;
  for (; left >= 4; left -= 4) {
    const int8_t *x = input;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t i = pixels; i > 0; i--) {
      s0 += x[0];
      s1 += x[1];
      s2 += x[2];
      s3 += x[3];
      x += channels;
    }
    output[0] = finish(p, s0);
    output[1] = finish(p, s1);
    output[2] = finish(p, s2);
    output[3] = finish(p, s3);
    output += 4;
    input += 4;
  }
  for (; left > 0; left--) {
    const int8_t *x = input++;
    int32_t sum = 0;
    for (int32_t i = pixels; i > 0; i--) {
      sum += *x;
      x += channels;
    }
    *output++ = finish(p, sum);
  }
}
