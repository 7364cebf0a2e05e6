/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels of convblock.h share. The including file has defined the type mote_block_x (of activations) and
 * included the header of its instruction set, which has
 *   mote_block_word: the type of gathered taps;
 *   MOTE_BLOCK_HEAD: words in front of the gathered ones;
 *   begin_slice(words, taps, window_sums): what a slice needs once;
 *   block_sums(words, taps, weights, channels, sums): [channels][4 pixels] sums modulo 2^32 of up to four channels; gives
 *     the end of their weights;
 *   MOTE_SUMS_HAVE_QUARTER where there is that mode. */
#ifndef MOTE_CONVBLOCK_DRIVE_H
#define MOTE_CONVBLOCK_DRIVE_H

#include "mote/convblock.h"

enum { BLOCK_PIXELS = 4, BLOCK_CHANNELS = 4 };

/* Where the windows of four pixels start in the image. */
typedef struct {
  int32_t y[BLOCK_PIXELS], x[BLOCK_PIXELS];
} block_corners;

/* Where in the window the gathering is: a segment of a row, and a tap of the segment. */
typedef struct {
  int32_t row, segment, tap;
} block_cursor;

/* Taps [from, from + count) of a segment whose tap 0 is element `first` of a row of the image; outside of the row, or
 * where there is none, they are `outside`. Gives their sum. */
static int32_t copy_taps(mote_block_word *to, const mote_block_x *row, int32_t first, int32_t from, int32_t count,
                         int32_t row_length, int32_t outside) {
  int32_t sum = 0;
  int32_t inside = 0;
  int32_t at = first + from;
  if (row) {
    for (; count > 0 && at < 0; count--, at++) {
      *to = (mote_block_word)outside;
      to += BLOCK_PIXELS;
      sum += outside;
    }
    inside = row_length - at < count ? row_length - at : count;
  }
  if (inside > 0) {
    const mote_block_x *x = row + at;
    count -= inside;
    for (; inside >= 4; inside -= 4) {
      sum += x[0] + x[1] + x[2] + x[3];
      to[0] = x[0];
      to[BLOCK_PIXELS] = x[1];
      to[2 * BLOCK_PIXELS] = x[2];
      to[3 * BLOCK_PIXELS] = x[3];
      to += 4 * BLOCK_PIXELS;
      x += 4;
    }
    for (; inside > 0; inside--) {
      sum += *x;
      *to = *x++;
      to += BLOCK_PIXELS;
    }
  }
  for (; count > 0; count--) {
    *to = (mote_block_word)outside;
    to += BLOCK_PIXELS;
    sum += outside;
  }
  return sum;
}

/* The next `taps` taps of four windows, side by side; gives the sums of each window's in `sums`. */
static void gather_slice(const mote_convblock_s16s8 *p, const mote_block_x *input, const block_corners *at,
                         block_cursor *cursor, mote_block_word *to, int32_t taps, int32_t *sums) {
  for (int32_t k = 0; k < BLOCK_PIXELS; k++) sums[k] = 0;
  while (taps > 0) {
    const int32_t rest = p->segment - cursor->tap;
    const int32_t count = rest < taps ? rest : taps;
    for (int32_t k = 0; k < BLOCK_PIXELS; k++) {
      const int32_t y = at->y[k] + cursor->row * p->dilation_h;
      int32_t x = at->x[k] + cursor->segment * p->dilation_w;
      const mote_block_x *row = (uint32_t)y < (uint32_t)p->in_h ? input + y * p->in_w * p->in_c : 0;
      int32_t length = p->in_w * p->in_c;
      if (p->groups > 1 || p->segments > 1) { /* one column: inside or outside as a whole */
        if ((uint32_t)x >= (uint32_t)p->in_w) row = 0;
        else if (row) row += x * p->in_c;
        x = 0;
        length = p->depth;
      }
      sums[k] += copy_taps(to + k, row, x * p->in_c, cursor->tap, count, length, p->input_zero_point);
    }
    to += BLOCK_PIXELS * count;
    taps -= count;
    cursor->tap += count;
    if (cursor->tap < p->segment) continue;
    cursor->tap = 0;
    if (++cursor->segment < p->segments) continue;
    cursor->segment = 0;
    cursor->row++;
  }
}

/* Outputs of `channels` channels from [channels][4] sums, by mode. */
static void finish_narrow(const mote_block_output *output, const int32_t *q, const int32_t *sums, int32_t channels,
                          int32_t pixels, mote_block_x *out, int32_t step) {
  const mote_block_output o = *output;
  for (; channels > 0; channels--) {
    mote_block_x *to = out++;
    for (int32_t k = 0; k < pixels; k++) {
      *to = (mote_block_x)mote_block_narrow(sums[k], q, &o);
      to += step;
    }
    sums += BLOCK_PIXELS;
    q += MOTE_BLOCK_CHANNEL;
  }
}

#ifdef MOTE_SUMS_HAVE_QUARTER
static void finish_quarter(const mote_block_output *output, const int32_t *q, const int32_t *sums, int32_t channels,
                           int32_t pixels, mote_block_x *out, int32_t step) {
  const mote_block_output o = *output;
  for (int32_t c = 0; c < channels; c++) {
    for (int32_t k = 0; k < pixels; k++)
      out[k * step + c] = (mote_block_x)mote_block_quarter(sums[BLOCK_PIXELS * c + k], q + MOTE_BLOCK_CHANNEL * c, &o);
  }
}
#endif

static void finish_wide(const mote_block_output *o, const int32_t *q, const int64_t *sums, int32_t channels,
                        int32_t pixels, mote_block_x *out, int32_t step) {
  for (int32_t c = 0; c < channels; c++) {
    for (int32_t k = 0; k < pixels; k++)
      out[k * step + c] = (mote_block_x)mote_block_wide(sums[BLOCK_PIXELS * c + k], q + MOTE_BLOCK_CHANNEL * c, o);
  }
}

static void finish_low(const mote_block_output *o, const int32_t *q, const int32_t *sums, int32_t channels,
                       int32_t pixels, mote_block_x *out, int32_t step) {
  for (int32_t c = 0; c < channels; c++) {
    for (int32_t k = 0; k < pixels; k++)
      out[k * step + c] = (mote_block_x)mote_block_low(sums[BLOCK_PIXELS * c + k], q + MOTE_BLOCK_CHANNEL * c, o);
  }
}

/* Adds a slice's sums to those of the slices before it. */
static void add_slice(int32_t mode, int32_t *kept, int64_t *wide, const int32_t *sums, int32_t count, int first) {
  for (int32_t i = 0; i < count; i++) {
    if (mode == MOTE_SUMS_WIDE) wide[i] = (first ? 0 : wide[i]) + sums[i];
    else kept[i] = first ? sums[i] : (int32_t)((uint32_t)kept[i] + (uint32_t)sums[i]);
  }
}

/* All channels of one group, for four pixels (the last ones again where there are fewer). Gives the end of its weights. */
static const uint8_t *group_of_channels(const mote_convblock_s16s8 *p, const mote_block_x *input, mote_block_x *output,
                                        const block_corners *at, int32_t pixels, const uint8_t *w, const int32_t *q,
                                        void *scratch) {
  int32_t sums[BLOCK_CHANNELS * BLOCK_PIXELS];
  int64_t local[BLOCK_CHANNELS * BLOCK_PIXELS];
  const int32_t mode = p->output.mode;
  const int sliced = p->slice < p->taps;
  mote_block_word *const words = (mote_block_word *)scratch + MOTE_BLOCK_HEAD;
  void *const kept = words + BLOCK_PIXELS * ((p->slice + 1) & ~1);
  block_cursor cursor = {0, 0, 0};
  for (int32_t from = 0; from < p->taps; from += p->slice) {
    const int32_t taps = p->taps - from < p->slice ? p->taps - from : p->slice;
    const int last = from + p->slice >= p->taps;
    int32_t window_sums[BLOCK_PIXELS];
    gather_slice(p, input, at, &cursor, words, taps, window_sums);
    begin_slice(words, taps, window_sums);
    for (int32_t c = 0; c < p->group_out; c += BLOCK_CHANNELS) {
      const int32_t channels = p->group_out - c < BLOCK_CHANNELS ? p->group_out - c : BLOCK_CHANNELS;
      int32_t *total = sums;
      int64_t *wide = local;
      w = block_sums(words, taps, w, channels, sums);
      if (sliced) {
        total = (int32_t *)kept + BLOCK_PIXELS * c;
        wide = (int64_t *)kept + BLOCK_PIXELS * c;
      }
      if (sliced || mode == MOTE_SUMS_WIDE) {
        add_slice(mode, total, wide, sums, BLOCK_PIXELS * channels, from == 0);
      }
      if (!last) continue;
      const int32_t *const constants = q + MOTE_BLOCK_CHANNEL * c;
      const mote_block_output *const o = &p->output;
      if (mode == MOTE_SUMS_NARROW) finish_narrow(o, constants, total, channels, pixels, output + c, p->out_c);
      else if (mode == MOTE_SUMS_WIDE) finish_wide(o, constants, wide, channels, pixels, output + c, p->out_c);
#ifdef MOTE_SUMS_HAVE_QUARTER
      else if (mode == MOTE_SUMS_QUARTER) finish_quarter(o, constants, total, channels, pixels, output + c, p->out_c);
#endif
      else finish_low(o, constants, total, channels, pixels, output + c, p->out_c);
    }
  }
  return w;
}

static void convolve_blocks(const mote_convblock_s16s8 *p, const mote_block_x *input, mote_block_x *output,
                            void *scratch) {
  int32_t y = -p->pad_top;
  int32_t x = -p->pad_left;
  int32_t column = 0;
  for (int32_t left = p->pixels; left > 0; left -= BLOCK_PIXELS) {
    const int32_t pixels = left < BLOCK_PIXELS ? left : BLOCK_PIXELS;
    block_corners at;
    for (int32_t k = 0; k < BLOCK_PIXELS; k++) {
      at.y[k] = y;
      at.x[k] = x;
      if (k + 1 >= left) continue; /* the last pixel again */
      x += p->stride_w;
      if (++column == p->out_w) {
        column = 0;
        x = -p->pad_left;
        y += p->stride_h;
      }
    }
    const uint8_t *w = p->weights;
    for (int32_t g = 0; g < p->groups; g++) {
      w = group_of_channels(p, input + g * p->depth, output + g * p->group_out, &at, pixels, w,
                            p->channels + MOTE_BLOCK_CHANNEL * g * p->group_out, scratch);
    }
    output += pixels * p->out_c;
  }
}

#endif
