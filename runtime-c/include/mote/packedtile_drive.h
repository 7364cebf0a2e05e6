/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels of packedtile.h share: tiles, blocks, outliers. */
#ifndef MOTE_PACKEDTILE_DRIVE_H
#define MOTE_PACKEDTILE_DRIVE_H

#include "mote/packedtile.h"
#define MOTE_DSP_WINDOWS_ONLY
#include "mote/dsp_conv2x4.h"
#include "mote/dsp_tile.h"

/* Of a decoded block but its lanes, and of the stream before the codes. */
enum { MOTE_TILE_BLOCK_WORDS = 16, MOTE_TILE_STREAM_WORDS = 9 };

/* Decodes the codes of a block, scales and all, to its lanes; gives their end. */
typedef const int32_t *(*mote_tile_decoder)(const int32_t *head, const int32_t *codes, int32_t *to, int32_t steps);

/* Where a tile lies and what it works with. */
typedef struct {
  int32_t *x;
  int32_t *block;
  int8_t *buffer; /* rows of windows that leave the image */
  mote_tile_decoder decode;
} mote_tiling;

static inline const int32_t *mote_tile_outliers(const int32_t *from, int32_t *block) {
  int16_t *const lanes = (int16_t *)(void *)block;
  for (const int32_t *const end = from + 1 + *from; ++from != end;) {
    int16_t *const lane = lanes + ((uint32_t)*from >> 16);
    *lane = (int16_t)(*lane + (int16_t)*from);
  }
  return from;
}

/* Multiplier, rounding, shift of four channels (dsp_block.h) from a block's four sums, four multipliers and word of shifts.
 * A channel that is always the same has multiplier 0, shift 1, and its output for a sum. */
static inline void mote_tile_rescaling(const int32_t *from, int32_t zero_point, int32_t mode, int32_t *k) {
  uint32_t shifts = (uint32_t)from[8];
  for (const int32_t *const end = from + 4; from != end; from++, shifts >>= 8, k += 3) {
    const int32_t shift = (int32_t)(shifts & 31u);
    const int32_t value = from[4] ? zero_point : *from;
    k[0] = from[4];
    k[1] = (1 << (shift - 1)) + value * (1 << shift);
    /* Sums come times 16, so that 4 of it is half of what a doubled one's high word leaves. */
    if (mode == MOTE_DSP_RECTIFIED && from[4] && shift > 3) k[1] += 4;
    k[2] = shift;
  }
}

/* Outputs of one block that lie side by side with others go through `rest`: channels beyond the last. */
static inline void mote_tile_copy_rest(const int8_t *rest, int8_t *output, int32_t pixels, int32_t channels,
                                       int32_t out_c) {
  for (int32_t i = 0; i < pixels; i++)
    for (int32_t c = 0; c < channels; c++) output[i * out_c + c] = rest[4 * i + c];
}

/* All channels of `pixels` pixels whose taps are widened; an odd last one has been widened twice. */
static inline void mote_tile_channels(const mote_conv2d_s8s8_dsp *p, const mote_tiling *t, int8_t *output,
                                      int32_t pixels) {
  const int32_t steps = p->steps;
  const int32_t *from = p->weights + MOTE_TILE_HEAD;
  int8_t *const rest = t->buffer + 2 * p->row_bytes;
  for (int32_t c = 0; c < p->out_c; c += 4) {
    __builtin_memcpy(t->block, from, 16);
    mote_tile_rescaling(from, p->weights[MOTE_TILE_ZERO], p->mode, t->block + 4 + 4 * steps);
    from = t->decode(p->weights, from + MOTE_TILE_STREAM_WORDS, t->block + 4, steps);
    if (p->weights[MOTE_TILE_OUTLIERS]) from = mote_tile_outliers(from, t->block + 4);
    const int32_t left = p->out_c - c;
    const int direct = left >= 4 && (pixels & 1) == 0;
    int8_t *const out = direct ? output + c : rest;
    const int32_t step = direct ? p->out_c : 4;
    const int8_t *const x_end = (const int8_t *)(t->x + 2 * steps) - (p->mode != MOTE_DSP_TFLITE);
    const mote_dsp_tile tile = {(const int32_t *)(const void *)x_end, out, out + step, 2 * step, 8 * steps,
                                t->x + ((pixels + 1) >> 1) * 2 * steps, t->block, t->x};
    mote_dsp_tile_block(&tile);
    if (!direct) mote_tile_copy_rest(rest, output + c, pixels, left < 4 ? left : 4, p->out_c);
  }
  if (p->output_min > -128 || p->output_max < 127)
    mote_dsp_clamp(output, pixels * p->out_c, p->output_min, p->output_max);
}

static inline void mote_tile_flat(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int32_t *x, int32_t pixels) {
  for (; pixels > 0; pixels -= 2) {
    mote_dsp_widen(x, input, pixels > 1 ? input + p->in_c : input, p->in_c);
    x += 2 * p->steps;
    input += 2 * p->in_c;
  }
}

static inline void mote_packedtile(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int8_t *output, void *scratch,
                                   mote_tile_decoder decode) {
  int32_t *const x = (int32_t *)scratch;
  const int32_t pairs = p->weights[MOTE_TILE_PAIRS];
  const int32_t steps = p->steps;
  int32_t *const block = x + pairs * 2 * steps;
  const mote_tiling t = {x, block, (int8_t *)(block + MOTE_TILE_BLOCK_WORDS + 4 * steps), decode};
  /* Windows leave these as they are. */
  for (int32_t *end = x + 2 * steps; end <= block; end += 2 * steps)
    for (int32_t i = 1; i <= p->weights[MOTE_TILE_TAIL]; i++) end[-i] = 0;
  mote_dsp_pixel at = {-p->pad_top, -p->pad_left};
  int32_t column = 0;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= 2 * pairs) {
    const int32_t pixels = left < 2 * pairs ? left : 2 * pairs;
    if (p->flat) {
      mote_tile_flat(p, input, x, pixels);
      input += pixels * p->in_c;
    } else {
      int32_t *to = x;
      for (int32_t i = 0; i < pixels; i += 2) {
        const mote_dsp_pixel a = at;
        if (i + 1 < pixels) mote_dsp_next(p, &at, &column);
        mote_dsp_windows(p, input, to, t.buffer, a, at);
        mote_dsp_next(p, &at, &column);
        to += 2 * steps;
      }
    }
    mote_tile_channels(p, &t, output, pixels);
    output += pixels * p->out_c;
  }
}

#endif
