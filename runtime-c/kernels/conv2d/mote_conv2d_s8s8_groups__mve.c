/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution in groups on Helium: the patch of one group of one pixel in scratch, four output channels at a time. */
#include <arm_mve.h>

#include "mote/conv2d.h"
#include "mote/requantize.h"
#include "mote/window.h"

static void copy(int8_t *to, const int8_t *from, int32_t count) {
  for (; count > 0; count -= 16) {
    const mve_pred16_t lanes = vctp8q((uint32_t)count);
    vstrbq_p_s8(to, vldrbq_z_s8(from, lanes), lanes);
    to += 16;
    from += 16;
  }
}

/* The taps of the window that starts at (y0, x0) of a group whose first channel is `first`, in the order of the weights. */
static void gather(const mote_conv2d_s8s8_groups *p, const int8_t *input, int32_t y0, int32_t x0, int32_t first,
                   int8_t *to) {
  const mote_range ky = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
  const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
  const int32_t depth = p->group_depth;
  if (ky.end - ky.begin < p->kernel_h || kx.end - kx.begin < p->kernel_w) {
    const int8x16_t outside = vdupq_n_s8((int8_t)p->input_zero_point);
    for (int32_t i = 0; i < p->depth; i += 16) vstrbq_s8(to + i, outside);
  }
  for (int32_t i = ky.begin; i < ky.end; i++) {
    const int32_t y = y0 + i * p->dilation_h;
    const int8_t *x = input + (y * p->in_w + x0 + kx.begin * p->dilation_w) * p->in_c + first;
    for (int32_t j = kx.begin; j < kx.end; j++) {
      copy(to + (i * p->kernel_w + j) * depth, x, depth);
      x += p->dilation_w * p->in_c;
    }
  }
}

static inline int32x4_t words(const int8_t *from) {
  return vreinterpretq_s32_s8(vldrbq_s8(from));
}

/* Four channels of a patch, the first `count` of which are there. */
static const int8_t *four(const mote_conv2d_s8s8_groups *p, const int8_t *x, const int8_t *stream, int8_t *output,
                          int32_t count) {
  int32_t a = 0;
  int32_t b = 0;
  int32_t c = 0;
  int32_t d = 0;
  for (int32_t left = p->depth; left > 0; left -= 16) {
    const int8x16_t v = vldrbq_s8(x);
    a = vmladavaq_s8(a, v, vldrbq_s8(stream));
    b = vmladavaq_s8(b, v, vldrbq_s8(stream + 16));
    c = vmladavaq_s8(c, v, vldrbq_s8(stream + 32));
    d = vmladavaq_s8(d, v, vldrbq_s8(stream + 48));
    x += 16;
    stream += 64;
  }
  const int32x4_t sums = {a, b, c, d};
  int32x4_t y = vaddq_s32(sums, words(stream));
  if (p->rounding == MOTE_ROUNDING_SINGLE) {
    y = vmulhq_s32(y, words(stream + 16));
  } else {
    y = vqrdmulhq_s32(y, words(stream + 16));
    y = vaddq_s32(y, vshrq_n_s32(y, 31));
  }
  y = vaddq_n_s32(vrshlq_s32(y, words(stream + 32)), p->output_zero_point);
  y = vminq_s32(vmaxq_s32(y, vdupq_n_s32(p->output_min)), vdupq_n_s32(p->output_max));
  vstrbq_p_s32(output, y, vctp32q((uint32_t)count));
  return stream + 48;
}

void mote_conv2d_s8s8_groups__mve(const mote_conv2d_s8s8_groups *p, const int8_t *input, int8_t *output,
                                  void *scratch) {
  int8_t *const patch = scratch;
  /* Past the taps the weights are zero, and here is something to multiply them with. */
  for (int32_t i = p->depth - 16; i < p->depth; i++) patch[i] = 0;
  for (int32_t y = 0; y < p->out_h; y++) {
    for (int32_t x = 0; x < p->out_w; x++) {
      const int8_t *stream = p->stream;
      for (int32_t first = 0; first < p->in_c; first += p->group_depth) {
        gather(p, input, y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left, first, patch);
        for (int32_t c = 0; c < p->group_out; c += 4) stream = four(p, patch, stream, output + c, p->group_out - c);
        output += p->group_out;
      }
    }
  }
}
