/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution on Helium, 16 channels in the lanes. Two taps are summed in 16 bits, then widened. Every tap has a pointer; those outside the image point to a row of zero points. */
#ifndef MOTE_MVE_DEPTHWISE_H
#define MOTE_MVE_DEPTHWISE_H

#include "mote/depthwiseconv2d.h"
#include "mote/mve_stream.h"

static inline int32x4_t load_words(const int8_t *from) {
  return vreinterpretq_s32_s8(vldrbq_s8(from));
}

static inline int32x4_t rescale(int32x4_t acc, const int8_t *constants, int32_t single) {
  const int32x4_t x = vaddq_s32(acc, load_words(constants));
  const int32x4_t multiplier = load_words(constants + 16);
  const int32x4_t shift = load_words(constants + 32);
  if (single) return vrshlq_s32(vmulhq_s32(x, multiplier), shift);
  const int32x4_t y = vqrdmulhq_s32(x, multiplier);
  return vrshlq_s32(vaddq_s32(y, vshrq_n_s32(y, 31)), shift);
}

/* 16 channels from channel `at` on; `w` moves to the next 16. Lanes past `count` are neither read nor written. */
static const int8_t *block(const mote_depthwiseconv2d_s8s8_stream *p, const int8_t *const *tap, const int8_t *const *end,
                           const int8_t *w, int32_t at, int32_t count, int8_t *output) {
  const mve_pred16_t lanes = vctp8q((uint32_t)count);
  int32x4_t a = vdupq_n_s32(0);
  int32x4_t b = a;
  int32x4_t c = a;
  int32x4_t d = a;
  do {
    int8x16_t x = vldrbq_z_s8(tap[0] + at, lanes);
    int8x16_t v = vldrbq_s8(w);
    int16x8_t even = vmullbq_int_s8(x, v);
    int16x8_t odd = vmulltq_int_s8(x, v);
    x = vldrbq_z_s8(tap[1] + at, lanes);
    v = vldrbq_s8(w + 16);
    even = vaddq_s16(even, vmullbq_int_s8(x, v));
    odd = vaddq_s16(odd, vmulltq_int_s8(x, v));
    a = vaddq_s32(a, vmovlbq_s16(even));
    b = vaddq_s32(b, vmovltq_s16(even));
    c = vaddq_s32(c, vmovlbq_s16(odd));
    d = vaddq_s32(d, vmovltq_s16(odd));
    tap += 2;
    w += 32;
  } while (tap != end);
  const int32_t single = p->rounding == MOTE_ROUNDING_SINGLE;
  int16x8_t even = vqmovnbq_s32(vdupq_n_s16(0), rescale(a, w, single));
  even = vqmovntq_s32(even, rescale(b, w + 48, single));
  int16x8_t odd = vqmovnbq_s32(even, rescale(c, w + 96, single));
  odd = vqmovntq_s32(odd, rescale(d, w + 144, single));
  even = vqaddq_n_s16(even, (int16_t)p->output_zero_point);
  odd = vqaddq_n_s16(odd, (int16_t)p->output_zero_point);
  int8x16_t y = vqmovntq_s16(vqmovnbq_s16(vdupq_n_s8(0), even), odd);
  y = vminq_s8(vmaxq_s8(y, vdupq_n_s8((int8_t)p->output_min)), vdupq_n_s8((int8_t)p->output_max));
  vstrbq_p_s8(output, y, lanes);
  return w + 192;
}

static inline void mote_mve_depthwise(const mote_depthwiseconv2d_s8s8_stream *p, const int8_t *input,
                                           int8_t *output, void *scratch) {
  const int32_t padded = (p->in_c + 15) & ~15;
  const int32_t x_step = p->dilation_w * p->in_c;
  int8_t *const outside = scratch;
  const int8_t **const taps = (const int8_t **)(void *)(outside + padded);
  const int8_t **const end = taps + ((p->kernel_h * p->kernel_w + 1) & ~1);
  mote_mve_fill(outside, p->input_zero_point, padded);
  end[-1] = outside;
  for (int32_t y = 0; y < p->out_h; y++) {
    for (int32_t x = 0; x < p->out_w; x++) {
      const int8_t **tap = taps;
      int32_t row = y * p->stride_h - p->pad_top;
      for (int32_t i = 0; i < p->kernel_h; i++) {
        int32_t column = x * p->stride_w - p->pad_left;
        const int8_t *at = input + (row * p->in_w + column) * p->in_c;
        for (int32_t j = 0; j < p->kernel_w; j++) {
          const int inside = (uint32_t)row < (uint32_t)p->in_h && (uint32_t)column < (uint32_t)p->in_w;
          *tap++ = inside ? at : outside;
          column += p->dilation_w;
          at += x_step;
        }
        row += p->dilation_h;
      }
      const int8_t *w = p->stream;
      for (int32_t c = 0; c < p->in_c; c += 16) w = block(p, taps, end, w, c, p->in_c - c, output + c);
      output += p->out_c;
    }
  }
}

#endif
