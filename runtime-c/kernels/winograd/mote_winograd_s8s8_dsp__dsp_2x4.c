/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's F(2x2, 3x3) by DSP instructions, two tiles by four channels: 11 instructions for 16 products. */
#include "mote/winograd.h"

#include <string.h>

#include "mote/dsp_block.h"
#include "mote/winograd_dsp.h"

/* Two tiles beside each other: a block of 2 x 4 outputs, perhaps beyond the edge of the output. */
typedef struct {
  int32_t rows, columns; /* of the block that are there */
  int8_t *to;            /* its first pixel */
} block;

/* The block's outputs of up to 4 channels from `made`, 8 pixels of 4 bytes. */
static inline void put(const mote_winograd_s8s8_dsp *p, const block *b, int32_t first, int8_t *made) {
  const int32_t out_c = p->out_c;
  const int32_t channels = out_c - first < 4 ? out_c - first : 4;
  if (p->output_min > -128 || p->output_max < 127) mote_dsp_clamp(made, 32, p->output_min, p->output_max);
  for (int32_t y = 0; y < b->rows; y++) {
    int8_t *to = b->to + y * p->out_w * out_c + first;
    const int8_t *from = made + 16 * y;
    for (const int8_t *const end = from + 4 * b->columns; from != end; from += 4, to += out_c) {
      if (channels == 4)
        __builtin_memcpy(to, from, 4);
      else
        for (int32_t c = 0; c < channels; c++) to[c] = from[c];
    }
  }
}

/* Where the 4 x 6 pixels that both tiles see lie, column by column: `zeros` outside the image. */
static inline void find_pixels(const mote_winograd_s8s8_dsp *p, const int8_t *input, const int8_t *zeros, int32_t y,
                               int32_t x, const int8_t **at) {
  for (int32_t j = x; j < x + 6; j++) {
    const uint32_t in_h = (uint32_t)j < (uint32_t)p->in_w ? (uint32_t)p->in_h : 0;
    for (int32_t i = y; i < y + 4; i++) *at++ = (uint32_t)i < in_h ? input + (i * p->in_w + j) * p->in_c : zeros;
  }
}

void mote_winograd_s8s8_dsp__dsp_2x4(const mote_winograd_s8s8_dsp *p, const int8_t *input, int8_t *output,
                                     void *scratch) {
  const int32_t position = 1 + 2 * p->steps; /* words */
  int32_t *const tiles = (int32_t *)scratch;
  int8_t *const made = (int8_t *)(tiles + 16 * position);
  int8_t *const zeros = made + 32;
  const int8_t *at[24];
  memset(zeros, p->input_zero_point, (size_t)p->in_c);
  mote_winograd_ends(tiles, position);
  for (int32_t y = 0; y < p->out_h; y += 2) {
    for (int32_t x = 0; x < p->out_w; x += 4) {
      const block b = {p->out_h - y < 2 ? p->out_h - y : 2, p->out_w - x < 4 ? p->out_w - x : 4,
                       output + (y * p->out_w + x) * p->out_c};
      find_pixels(p, input, zeros, y - p->pad_top, x - p->pad_left, at);
      mote_winograd_transform(at, p->in_c, tiles + 1, position);
      const int32_t *w = p->weights;
      for (int32_t c = 0; c < p->out_c; c += 4) {
        w = mote_winograd_channels(tiles, w, made, p->mode);
        put(p, &b, c, made);
      }
    }
  }
}
