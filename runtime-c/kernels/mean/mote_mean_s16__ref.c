/* SPDX-License-Identifier: Apache-2.0 */
/* int16 mean, plain C. */
#include "mote/mean.h"
#include "mote/requantize.h"

static int32_t sum_of(const mote_mean_s16 *p, const int16_t *x) {
  int32_t sum = 0;
  for (int32_t i = 0; i < p->reduced_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduced_dims[1]; j++) {
      const int16_t *y = x + i * p->reduced_strides[0] + j * p->reduced_strides[1];
      for (int32_t k = 0; k < p->reduced_dims[2]; k++) {
        sum += *y;
        y += p->reduced_strides[2];
      }
    }
  }
  return sum;
}

static int16_t finish(const mote_mean_s16 *p, int32_t sum, int32_t count) {
  if (p->same_scale) return (int16_t)(sum / count);
  return (int16_t)mote_requantize_to(sum - p->input_zero_point * count, p->multiplier, p->shift, p->rounding,
                               p->output_zero_point, -32768, 32767);
}

void mote_mean_s16__ref(const mote_mean_s16 *p, const int16_t *input, int16_t *output) {
  const int32_t count = p->reduced_dims[0] * p->reduced_dims[1] * p->reduced_dims[2];
  for (int32_t i = 0; i < p->kept_dims[0]; i++) {
    for (int32_t j = 0; j < p->kept_dims[1]; j++) {
      const int16_t *x = input + i * p->kept_strides[0] + j * p->kept_strides[1];
      for (int32_t k = 0; k < p->kept_dims[2]; k++) {
        *output++ = finish(p, sum_of(p, x), count);
        x += p->kept_strides[2];
      }
    }
  }
}
