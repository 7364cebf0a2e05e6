/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium: two output pixels at a time, their patches side by side in scratch. Gathering costs a copy
 * per pixel, which all output channels share, and takes padding, stride and dilation out of the inner loop. */
#include "mote/conv2d.h"
#include "mote/mve_stream.h"
#include "mote/window.h"

/* What the pairs of a call share. */
typedef struct {
  const mote_conv2d_s8s8_stream *p;
  mote_mve_output output;
  const int8_t *patch[2];
} work;

/* The taps of the window that starts at (y0, x0), in the order of the weights; padding reads the zero point. */
__attribute__((noinline)) static void gather_border(const mote_conv2d_s8s8_stream *p, const int8_t *input, int32_t y0, int32_t x0, int8_t *to) {
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

/* A window inside the image. Rows of up to 48 bytes are copied as whole vectors: what that reads too much is covered by the
 * next row or by weights of zero. */
static inline void gather(const mote_conv2d_s8s8_stream *p, const int8_t *from, int8_t *to) {
  const int32_t count = p->kernel_w * p->in_c;
  const int32_t step = p->dilation_h * p->in_w * p->in_c;
  if (count <= 16) mote_mve_copy_rows16(to, from, count, step, p->kernel_h);
  else if (count > 32 && count <= 48) mote_mve_copy_rows48(to, from, count, step, p->kernel_h);
  else mote_mve_copy_rows(to, from, count, step, p->kernel_h);
}

/* Channels of [stream, end) for two pixels. Long, and so in the program once. */
__attribute__((noinline)) static void groups_of(const work *k, const int8_t *stream, const int8_t *end, int8_t *output,
                                                int8_t *second) {
  mote_mve_pair(k->patch[0], k->patch[1], k->p->depth, stream, end, output, second, &k->output, k->p->rounding);
}

/* All channels of two pixels; the last group may have less than four channels and goes through `spare`. */
static void pair(const work *k, int8_t *out_first, int8_t *out_second) {
  const mote_conv2d_s8s8_stream *const p = k->p;
  const int32_t left = p->out_c & 3;
  const int8_t *const end = p->stream + p->whole_bytes;
  if (p->whole_bytes > 0) groups_of(k, p->stream, end, out_first, out_second);
  if (left == 0) return;
  int8_t spare[8];
  groups_of(k, end, end + 4 * p->depth + 48, spare, spare + 4);
  for (int32_t c = p->out_c - left, i = 0; i < left; c++, i++) {
    out_first[c] = spare[i];
    out_second[c] = spare[i + 4];
  }
}

void mote_conv2d_s8s8_stream__mve(const mote_conv2d_s8s8_stream *p, const int8_t *input, int8_t *output,
                                  void *scratch) {
  work k;
  k.p = p;
  k.output = mote_mve_output_of(p->output_min, p->output_max, p->output_zero_point);
  int8_t *const buffer[2] = {scratch, (int8_t *)scratch + p->depth};
  const int32_t reach = p->dilation_w == 1 ? p->in_w - p->kernel_w : -1;
  const int32_t bottom = (p->kernel_h - 1) * p->dilation_h;
  uint32_t odd = 0;
  int32_t y = -p->pad_top;
  for (int32_t i = 0; i < p->out_h; i++) {
    const int32_t columns = y < 0 || y + bottom >= p->in_h ? 0 : reach + 1; /* of windows inside the image */
    int32_t at = (y * p->in_w - p->pad_left) * p->in_c;
    int32_t x = -p->pad_left;
    for (int32_t j = 0; j < p->out_w; j++) {
      k.patch[odd] = buffer[odd];
      if (x < 0 || x >= columns || at > p->readable) gather_border(p, input, y, x, buffer[odd]);
      else if (p->direct) k.patch[odd] = input + at;
      else gather(p, input + at, buffer[odd]);
      if (odd) {
        pair(&k, output, output + p->out_c);
        output += 2 * p->out_c;
      }
      odd ^= 1;
      x += p->stride_w;
      at += p->stride_w * p->in_c;
    }
    y += p->stride_h;
  }
  /* An odd last pixel is its own neighbour: both halves write the same bytes. */
  if (odd) {
    k.patch[1] = k.patch[0];
    pair(&k, output, output);
  }
}
