/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium: two output pixels at a time, their patches side by side in scratch. Gathering costs a copy
 * per pixel, which all output channels share, and takes padding, stride and dilation out of the inner loop. */
#include "mote/conv2d.h"
#include "mote/mve_stream.h"
#include "mote/window.h"

/* The taps of the window that starts at (y0, x0), in the order of the weights; padding reads the zero point. */
static void gather_border(const mote_conv2d_s8s8_stream *p, const int8_t *input, int32_t y0, int32_t x0, int8_t *to) {
  const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
  const int32_t row_bytes = p->kernel_w * p->in_c;
  const int32_t left = kx.begin * p->in_c;
  const int32_t inside = (kx.end - kx.begin) * p->in_c;
  const int32_t step = p->dilation_w * p->in_c;
  const int32_t y_end = y0 + p->kernel_h * p->dilation_h;
  for (int32_t y = y0; y < y_end; y += p->dilation_h) {
    if (y < 0 || y >= p->in_h || inside == 0) {
      to = mote_mve_fill(to, p->input_zero_point, row_bytes);
      continue;
    }
    const int8_t *x = input + (y * p->in_w + x0) * p->in_c + kx.begin * step;
    if (left > 0) to = mote_mve_fill(to, p->input_zero_point, left);
    if (step == p->in_c) {
      to = mote_mve_copy(to, x, inside);
    } else {
      for (int32_t i = kx.begin; i < kx.end; i++) {
        to = mote_mve_copy(to, x, p->in_c);
        x += step;
      }
    }
    if (kx.end < p->kernel_w) to = mote_mve_fill(to, p->input_zero_point, row_bytes - left - inside);
  }
}

/* The same; most windows lie inside the image. */
static inline void gather(const mote_conv2d_s8s8_stream *p, const int8_t *input, int32_t y0, int32_t x0, int8_t *to) {
  const int32_t bottom = y0 + (p->kernel_h - 1) * p->dilation_h;
  if (y0 < 0 || x0 < 0 || bottom >= p->in_h || x0 + p->kernel_w > p->in_w || p->dilation_w != 1) {
    gather_border(p, input, y0, x0, to);
  } else {
    const int32_t row_bytes = p->in_w * p->in_c;
    mote_mve_copy_rows(to, input + y0 * row_bytes + x0 * p->in_c, p->kernel_w * p->in_c, p->dilation_h * row_bytes,
                       p->kernel_h);
  }
}

/* Channels of [stream, end) for two pixels. Long, and so in the program once. */
__attribute__((noinline)) static void groups_of(const mote_conv2d_s8s8_stream *p, const mote_mve_output *o,
                                                const int8_t *const *patch, const int8_t *stream, const int8_t *end,
                                                int8_t *out_first, int8_t *out_second) {
  mote_mve_pair(patch[0], patch[1], p->depth, stream, end, out_first, out_second, o, p->rounding);
}

/* All channels of two pixels; the last group may have less than four channels and goes through `spare`. */
static void pair(const mote_conv2d_s8s8_stream *p, const mote_mve_output *o, const int8_t *const *patch,
                 int8_t *out_first, int8_t *out_second) {
  const int32_t group_bytes = 4 * p->depth + 48;
  const int32_t groups = p->out_c >> 2;
  const int8_t *const end = p->stream + groups * group_bytes;
  if (groups > 0) groups_of(p, o, patch, p->stream, end, out_first, out_second);
  if ((p->out_c & 3) == 0) return;
  int8_t spare[8];
  groups_of(p, o, patch, end, end + group_bytes, spare, spare + 4);
  for (int32_t c = groups * 4; c < p->out_c; c++) {
    out_first[c] = spare[c & 3];
    out_second[c] = spare[(c & 3) + 4];
  }
}

void mote_conv2d_s8s8_stream__mve(const mote_conv2d_s8s8_stream *p, const int8_t *input, int8_t *output,
                                  void *scratch) {
  const mote_mve_output o = mote_mve_output_of(p->output_min, p->output_max, p->output_zero_point);
  const int8_t *patch[2] = {scratch, (const int8_t *)scratch + p->depth};
  const int32_t pixels = p->out_h * p->out_w;
  int32_t y = -p->pad_top;
  int32_t x = -p->pad_left;
  int32_t column = 0;
  for (int32_t i = 0; i < pixels; i++) {
    if (p->direct) {
      patch[i & 1] = input + (y * p->in_w + x) * p->in_c;
    } else {
      gather(p, input, y, x, (int8_t *)scratch + (i & 1) * p->depth);
    }
    x += p->stride_w;
    if (++column == p->out_w) {
      column = 0;
      x = -p->pad_left;
      y += p->stride_h;
    }
    if (i & 1) {
      pair(p, &o, patch, output, output + p->out_c);
      output += 2 * p->out_c;
    }
  }
  /* An odd last pixel is its own neighbour: both halves write the same bytes. */
  if (pixels & 1) {
    patch[1] = patch[0];
    pair(p, &o, patch, output, output);
  }
}
