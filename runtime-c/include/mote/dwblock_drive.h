/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels of dwblock.h share. The including file has defined the type mote_block_x (of activations) and included
 * the header of its instruction set, which has
 *   band_x, MOTE_BAND_MOVED: the type of gathered inputs, and what is added to them;
 *   line_sums(p, begin, sums, taps, start): the sums modulo 2^32 of one line of outputs, to `start` each;
 *   MOTE_SUMS_HAVE_QUARTER where there is that mode. */
#ifndef MOTE_DWBLOCK_DRIVE_H
#define MOTE_DWBLOCK_DRIVE_H

#include "mote/dwblock.h"

/* A line of the image into the middle of a gathered one. */
static void gather_line(const mote_dwblock_s16s8 *p, band_x *line, const mote_block_x *input) {
  const int32_t step = p->in_column * p->phases;
  int32_t phase = p->first_phase;
  for (int32_t first = 0; first < p->phases && first < p->in_columns; first++) {
    band_x *to = line + p->phase_start[phase];
    const mote_block_x *from = input;
    for (int32_t at = first; at < p->in_columns; at += p->phases) {
      *to++ = (band_x)(*from + MOTE_BAND_MOVED);
      from += step;
    }
    input += p->in_column;
    if (++phase == p->phases) phase = 0;
  }
}

static void fill_line(band_x *to, int32_t count, int32_t value) {
  for (; count > 0; count--) *to++ = (band_x)(value + MOTE_BAND_MOVED);
}

/* What `lines` lines of outputs from `first` on need of one channel. Beside the image the band is filled already. */
static void gather_band(const mote_dwblock_s16s8 *p, band_x *band, const mote_block_x *input, int32_t first,
                        int32_t lines) {
  const int32_t count = (lines - 1) * p->line_stride + p->line_span;
  int32_t y = first * p->line_stride - p->pad_lines;
  for (int32_t i = 0; i < count; i++, y++) {
    if (y >= 0 && y < p->in_lines) gather_line(p, band, input + y * p->in_line);
    else fill_line(band, p->gathered, p->input_zero_point);
    band += p->gathered;
  }
}

/* One line of outputs from its sums. */
static void finish_line(const mote_block_output *output, const int32_t *q, const int32_t *sums, int32_t count,
                        mote_block_x *to, int32_t step) {
  const mote_block_output o = *output;
  if (o.mode == MOTE_SUMS_NARROW) {
    for (; count > 0; count--, to += step) *to = (mote_block_x)mote_block_narrow(*sums++, q, &o);
  } else if (o.mode == MOTE_SUMS_WIDE) {
    for (; count > 0; count--, to += step) *to = (mote_block_x)mote_block_wide(*sums++, q, &o);
#ifdef MOTE_SUMS_HAVE_QUARTER
  } else if (o.mode == MOTE_SUMS_QUARTER) {
    for (; count > 0; count--, to += step) *to = (mote_block_x)mote_block_quarter(*sums++, q, &o);
#endif
  } else {
    for (; count > 0; count--, to += step) *to = (mote_block_x)mote_block_low(*sums++, q, &o);
  }
}

/* The taps' weights; gives what a sum starts with so that what was added to the inputs has no effect. */
static int32_t set_weights(const mote_dwblock_s16s8 *p, band_tap *taps, const int8_t *w) {
  int32_t sum = 0;
  for (int32_t t = 0; t < p->tap_count; t++) {
    taps[t].weight = w[t];
    sum += w[t];
  }
  return (int32_t)(0u - (uint32_t)sum * MOTE_BAND_MOVED);
}

static void convolve_bands(const mote_dwblock_s16s8 *p, const mote_block_x *input, mote_block_x *output, void *scratch) {
  const int32_t columns = (p->columns + 3) & ~3;
  int32_t *const sums = scratch;
  band_tap *const taps = (band_tap *)(sums + columns);
  band_x *const band = (band_x *)(taps + p->tap_count);
  for (int32_t t = 0; t < p->tap_count; t++) taps[t].offset = p->taps[t] * (int32_t)sizeof(band_x);
  fill_line(band, ((p->band - 1) * p->line_stride + p->line_span) * p->gathered, p->input_zero_point);
  for (int32_t first = 0; first < p->lines; first += p->band) {
    const int32_t lines = p->lines - first < p->band ? p->lines - first : p->band;
    const mote_block_x *x = input;
    int32_t left = 1;
    for (int32_t c = 0; c < p->out_c; c++) {
      if (--left == 0) {
        left = p->channel_multiplier;
        gather_band(p, band, x++, first, lines);
      }
      const int32_t *const q = p->channels + MOTE_BLOCK_CHANNEL * c;
      const int32_t start = set_weights(p, taps, p->weights + p->tap_count * c);
      const band_x *begin = band;
      mote_block_x *line = output + first * p->out_line + c;
      for (int32_t i = 0; i < lines; i++) {
        line_sums(p, begin, sums, taps, start);
        finish_line(&p->output, q, sums, p->columns, line, p->out_column);
        begin += p->line_stride * p->gathered;
        line += p->out_line;
      }
    }
  }
}

#endif
