/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 transposed convolution, plain C: each output gathers what the inputs lay over it. */
#include "mote/requantize.h"
#include "mote/transposeconv2d.h"

/* The input position whose kernel reaches `out` with its tap k, or -1. */
static int32_t source(int32_t out, int32_t k, int32_t stride, int32_t dilation, int32_t pad, int32_t size) {
  const int32_t at = out + pad - k * dilation;
  return at < 0 || at % stride != 0 || at / stride >= size ? -1 : at / stride;
}

static int64_t gather(const mote_transposeconv2d_s16s8 *p, const int16_t *input, int32_t oy, int32_t ox, int32_t oc) {
  const int16_t *const first = input + oc / p->group_outputs * p->depth;
  const int8_t *w = p->weights + oc * p->kernel_h * p->kernel_w * p->depth;
  int64_t sum = p->bias ? p->bias[oc] : 0;
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    const int32_t y = source(oy, ky, p->stride_h, p->dilation_h, p->pad_top, p->in_h);
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      const int32_t x = source(ox, kx, p->stride_w, p->dilation_w, p->pad_left, p->in_w);
      if (y >= 0 && x >= 0) {
        const int16_t *const from = first + (y * p->in_w + x) * p->in_c;
        for (int32_t c = 0; c < p->depth; c++) sum += from[c] * w[c];
      }
      w += p->depth;
    }
  }
  return sum;
}

void mote_transposeconv2d_s16s8__ref(const mote_transposeconv2d_s16s8 *p, const int16_t *input, int16_t *output) {
  for (int32_t oy = 0; oy < p->out_h; oy++) {
    for (int32_t ox = 0; ox < p->out_w; ox++) {
      for (int32_t oc = 0; oc < p->out_c; oc++) {
        const int32_t q = oc * p->requantize_step;
        const int64_t sum = gather(p, input, oy, ox, oc);
        const int32_t scaled = p->accumulator_bits == 64
                                   ? mote_requantize64(sum, p->multiplier[q], p->shift[q])
                                   : mote_requantize((int32_t)sum, p->multiplier[q], p->shift[q], p->rounding);
        *output++ = (int16_t)mote_clamp(scaled, -32768, 32767);
      }
    }
  }
}
