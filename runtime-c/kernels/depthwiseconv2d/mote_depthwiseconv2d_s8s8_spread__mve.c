/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution with several filters per channel on Helium, or with weights whose pairs do not sum in 16 bits:
 * eight outputs in the lanes, which gather their inputs. Every tap has a pointer; those outside the image point to a row
 * of zero points. VMULLB and VMULLT leave even and odd channels apart, and the constants are in that order. */
#include <arm_mve.h>

#include "mote/depthwiseconv2d.h"
#include "mote/requantize.h"

static inline int32x4_t words(const int8_t *from) {
  return vreinterpretq_s32_s8(vldrbq_s8(from));
}

static inline int32x4_t rescale(const mote_depthwiseconv2d_s8s8_spread *p, int32x4_t sums, const int8_t *constants) {
  int32x4_t y = vaddq_s32(sums, words(constants));
  if (p->rounding == MOTE_ROUNDING_SINGLE) {
    y = vmulhq_s32(y, words(constants + 16));
  } else {
    y = vqrdmulhq_s32(y, words(constants + 16));
    y = vaddq_s32(y, vshrq_n_s32(y, 31));
  }
  y = vaddq_n_s32(vrshlq_s32(y, words(constants + 32)), p->output_zero_point);
  return vminq_s32(vmaxq_s32(y, vdupq_n_s32(p->output_min)), vdupq_n_s32(p->output_max));
}

/* Eight outputs, the first `count` of which are there. Each lane reads the channel that `index` says, from `at` on. */
static const int8_t *block(const mote_depthwiseconv2d_s8s8_spread *p, const int8_t *const *tap,
                           const int8_t *const *end, const int8_t *w, int32_t at, const int16_t *index, int32_t count,
                           int8_t *output) {
  const mve_pred16_t lanes = vctp16q((uint32_t)count);
  const uint16x8_t offsets = vreinterpretq_u16_s16(vldrhq_s16(index));
  int32x4_t even = vdupq_n_s32(0);
  int32x4_t odd = even;
  do {
    const int16x8_t x = vldrbq_gather_offset_z_s16(*tap++ + at, offsets, lanes);
    const int16x8_t v = vldrbq_s16(w);
    even = vaddq_s32(even, vmullbq_int_s16(x, v));
    odd = vaddq_s32(odd, vmulltq_int_s16(x, v));
    w += 8;
  } while (tap != end);
  const int16x8_t low = vreinterpretq_s16_s32(rescale(p, even, w));
  vstrbq_p_s16(output, vmovntq_s32(low, rescale(p, odd, w + 48)), lanes);
  return w + 96;
}

void mote_depthwiseconv2d_s8s8_spread__mve(const mote_depthwiseconv2d_s8s8_spread *p, const int8_t *input,
                                           int8_t *output, void *scratch) {
  const int32_t padded = (p->in_c + 3) & ~3;
  const int32_t x_step = p->dilation_w * p->in_c;
  int8_t *const outside = scratch;
  const int8_t **const taps = (const int8_t **)(void *)(outside + padded);
  const int8_t **const end = taps + p->kernel_h * p->kernel_w;
  for (int32_t i = 0; i < padded; i++) outside[i] = (int8_t)p->input_zero_point;
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
      for (int32_t c = 0; c < p->out_c; c += 8) {
        w = block(p, taps, end, w, p->first[c >> 3], p->index + c, p->out_c - c, output + c);
      }
      output += p->out_c;
    }
  }
}
