/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 convolution and fully connected layers on Helium: two output pixels at a time, their patches side by side
 * in scratch, or where they are. */
#include "mote/conv2d.h"
#include "mote/mve_dot16.h"
#include "mote/window.h"

/* The taps of group `first` / depth of the window that starts at (y0, x0), in the order of the weights. */
static void gather(const mote_conv2d_s16s8_stream *p, const int16_t *input, int32_t y0, int32_t x0, int32_t first,
                   int16_t *to) {
  const int32_t depth = p->group_depth;
  const mote_range ky = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
  const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
  const int joined = p->dilation_w == 1 && depth == p->in_c;
  const int32_t taps = kx.end - kx.begin;
  const int32_t runs = joined ? (taps > 0 ? 1 : 0) : taps;
  const int32_t length = joined ? taps * depth : depth;
  const int32_t step = p->dilation_w * p->in_c;
  if (ky.end - ky.begin < p->kernel_h || taps < p->kernel_w) mote_mve16_clear(to, p->depth);
  for (int32_t i = ky.begin; i < ky.end; i++) {
    const int16_t *x = input + ((y0 + i * p->dilation_h) * p->in_w + x0 + kx.begin * p->dilation_w) * p->in_c + first;
    int16_t *out = to + (i * p->kernel_w + kx.begin) * depth;
    for (int32_t j = 0; j < runs; j++) {
      out = mote_mve16_copy(out, x, length);
      x += step;
    }
  }
}

/* All channels of a group for one pixel; gives the end of their constants. */
static const int8_t *one(const mote_conv2d_s16s8_stream *p, const mote_mve16_output *o, const int16_t *patch,
                         const int8_t *stream, int16_t *output) {
  for (int32_t c = 0; c < p->group_out; c += 4) {
    const int32_t left = p->group_out - c;
    const int32_t count = left < 4 ? left : 4;
    stream = p->wide ? mote_mve16_wide_row(patch, p->depth, stream, output + c, count, o)
                     : mote_mve16_row(patch, p->depth, stream, output + c, count, o);
  }
  return stream;
}

/* The same for two pixels. */
static const int8_t *two(const mote_conv2d_s16s8_stream *p, const mote_mve16_output *o, const int16_t *const *patch,
                         const int8_t *stream, int16_t *output) {
  const int32_t whole = p->group_out & ~3;
  if (p->wide) {
    one(p, o, patch[0], stream, output);
    return one(p, o, patch[1], stream, output + p->out_c);
  }
  if (whole > 0) {
    const int8_t *const end = stream + (whole >> 2) * (4 * p->depth + 48);
    mote_mve16_pair(patch[0], patch[1], p->depth, stream, end, output, output + p->out_c, o);
    stream = end;
  }
  if (whole == p->group_out) return stream;
  mote_mve16_row(patch[0], p->depth, stream, output + whole, p->group_out - whole, o);
  return mote_mve16_row(patch[1], p->depth, stream, output + p->out_c + whole, p->group_out - whole, o);
}

void mote_conv2d_s16s8_stream__mve(const mote_conv2d_s16s8_stream *p, const int16_t *input, int16_t *output,
                                   void *scratch) {
  const mote_mve16_output o = {p->output_min, p->output_max, p->rounding, p->accumulator_bits};
  int16_t *const gathered[2] = {scratch, (int16_t *)scratch + p->depth};
  const int32_t end_x = p->out_w * p->stride_w - p->pad_left;
  int32_t left = p->out_h * p->out_w;
  int32_t y = -p->pad_top;
  int32_t x = -p->pad_left;
  while (left > 0) {
    const int32_t count = left < 2 ? left : 2;
    int32_t ys[2];
    int32_t xs[2];
    for (int32_t i = 0; i < count; i++) {
      ys[i] = y;
      xs[i] = x;
      x += p->stride_w;
      if (x == end_x) {
        x = -p->pad_left;
        y += p->stride_h;
      }
    }
    const int8_t *stream = p->stream;
    int16_t *out = output;
    for (int32_t first = 0; first < p->in_c; first += p->group_depth) {
      const int16_t *patch[2];
      for (int32_t i = 0; i < count; i++) {
        patch[i] = p->direct ? input + (ys[i] * p->in_w + xs[i]) * p->in_c + first : gathered[i];
        if (!p->direct) gather(p, input, ys[i], xs[i], first, gathered[i]);
      }
      stream = count == 2 ? two(p, &o, patch, stream, out) : one(p, &o, patch[0], stream, out);
      out += p->group_out;
    }
    output += count * p->out_c;
    left -= count;
  }
}
