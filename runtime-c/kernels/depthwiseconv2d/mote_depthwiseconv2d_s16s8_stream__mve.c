/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 depthwise convolution on Helium, eight channels in the lanes. Every tap has a pointer; those outside the
 * image point to zeros. VMULLB and VMULLT leave even and odd channels apart, and the constants are in that order. */
#include "mote/depthwiseconv2d.h"
#include "mote/mve_dot16.h"

/* Eight outputs; lanes past `count` are neither read nor written. `at` is added to each tap; `index` says which of the
 * channels from there on each lane reads, null: its own. */
static const int8_t *block(const mote_mve16_output *o,
                           const int16_t *const *tap, const int16_t *const *end, const int8_t *w, int32_t at,
                           const int16_t *index, int32_t count, int16_t *output) {
  const mve_pred16_t lanes = vctp16q((uint32_t)count);
  int32x4_t even = vdupq_n_s32(0);
  int32x4_t odd = even;
  if (index) {
    const uint16x8_t offsets = vreinterpretq_u16_s16(vldrhq_s16(index));
    do {
      const int16x8_t x = vldrhq_gather_shifted_offset_z_s16(*tap++ + at, offsets, lanes);
      const int16x8_t v = vldrbq_s16(w);
      even = vaddq_s32(even, vmullbq_int_s16(x, v));
      odd = vaddq_s32(odd, vmulltq_int_s16(x, v));
      w += 8;
    } while (tap != end);
  } else {
    do {
      const int16x8_t x = vldrhq_z_s16(*tap++ + at, lanes);
      const int16x8_t v = vldrbq_s16(w);
      even = vaddq_s32(even, vmullbq_int_s16(x, v));
      odd = vaddq_s32(odd, vmulltq_int_s16(x, v));
      w += 8;
    } while (tap != end);
  }
  const int16x8_t low = vreinterpretq_s16_s32(mote_mve16_scale(even, w, o));
  vstrhq_p_s16(output, vmovntq_s32(low, mote_mve16_scale(odd, w + 48, o)), lanes);
  return w + 96;
}

void mote_depthwiseconv2d_s16s8_stream__mve(const mote_depthwiseconv2d_s16s8_stream *p, const int16_t *input,
                                            int16_t *output, void *scratch) {
  const mote_mve16_output o = {p->output_min, p->output_max, p->rounding, 32};
  const int32_t zeros = (p->in_c + 7) & ~7;
  const int32_t x_step = p->dilation_w * p->in_c;
  int16_t *const outside = scratch;
  const int16_t **const taps = (const int16_t **)(void *)(outside + zeros);
  const int16_t **const end = taps + p->kernel_h * p->kernel_w;
  mote_mve16_clear(outside, zeros);
  for (int32_t y = 0; y < p->out_h; y++) {
    for (int32_t x = 0; x < p->out_w; x++) {
      const int16_t **tap = taps;
      int32_t row = y * p->stride_h - p->pad_top;
      for (int32_t i = 0; i < p->kernel_h; i++) {
        int32_t column = x * p->stride_w - p->pad_left;
        const int16_t *at = input + (row * p->in_w + column) * p->in_c;
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
        const int32_t from = p->first ? p->first[c >> 3] : c;
        w = block(&o, taps, end, w, from, p->first ? p->index + c : 0, p->out_c - c, output + c);
      }
      output += p->out_c;
    }
  }
}
