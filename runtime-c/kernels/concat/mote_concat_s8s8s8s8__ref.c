/* SPDX-License-Identifier: Apache-2.0 */
/* Concatenation of 4 int8 tensors of different scales. */
#include "mote/concat.h"
#include "mote/requantize.h"

static int8_t *rescaled(int8_t *out, const int8_t *x, int32_t count, const int32_t *factor,
                        const mote_concat_s8s8s8s8 *p) {
  for (int32_t i = 0; i < count; i++) {
    *out++ = (int8_t)mote_requantize_to(x[i] - factor[0], factor[1], factor[2], p->rounding, p->output_zero_point, -128,
                                        127);
  }
  return out;
}

void mote_concat_s8s8s8s8__ref(const mote_concat_s8s8s8s8 *p, const int8_t *a, const int8_t *b, const int8_t *c,
                               const int8_t *d, int8_t *output) {
  const int32_t a_factor[3] = {p->a_zero_point, p->a_multiplier, p->a_shift};
  const int32_t b_factor[3] = {p->b_zero_point, p->b_multiplier, p->b_shift};
  const int32_t c_factor[3] = {p->c_zero_point, p->c_multiplier, p->c_shift};
  const int32_t d_factor[3] = {p->d_zero_point, p->d_multiplier, p->d_shift};
  for (int32_t r = 0; r < p->outer; r++) {
    output = rescaled(output, a + r * p->a_count, p->a_count, a_factor, p);
    output = rescaled(output, b + r * p->b_count, p->b_count, b_factor, p);
    output = rescaled(output, c + r * p->c_count, p->c_count, c_factor, p);
    output = rescaled(output, d + r * p->d_count, p->d_count, d_factor, p);
  }
}
