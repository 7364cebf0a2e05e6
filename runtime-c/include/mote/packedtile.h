/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with weights of few bits by DSP instructions: groups 1; fully connected, 1 x 1 over the rows. A tile of pixels
 * is widened to 16 bits in the scratch; each block of four channels is decoded there once for the tile and multiplied, two
 * pixels by four channels (dsp_tile.h).
 *
 * As for int8's kernels (conv2d.h) but for `weights`, one stream: a head of MOTE_TILE_HEAD words, then for each four channels
 * (missing ones are 0)
 * - four initial sums, four multipliers and a word of four shifts (dsp_block.h), for sums that come times 16; a channel that is
 *   always the same has multiplier 0, shift 1, and its output for a sum;
 * - the codes of each step, a pair of taps, as dsp_codes.h has them; of int4 without scales as two's complement;
 * - the scales, for each group of steps a word of four bytes, one for each channel;
 * - where there are outliers, their number and for each a word: 16 * what is added in the lower half, its lane in the upper.
 * Palettes, blocks and lists have, instead of the codes, for each of the four channels
 * - palette: its table in whole words, unless all have the same, at the end of the stream; then the codes of its pairs of
 *   taps, of bits each, from the lowest of a word up, as many pairs as a word holds;
 * - block: for each block of steps a byte, its scale, or 0 where it is left out, in whole words; then the codes + 2^(bits-1)
 *   of the others' pairs, in the halves of words, as many as a half holds;
 * - sparse: its list (packedlist_dsp.h), the taps in the order of the steps; the block of channels ends with a whole word.
 * Scratch: 8 * steps bytes for each pair of pixels, 64 + 16 * steps for a block, 2 * row_bytes, then 8 for each pair. */
#ifndef MOTE_PACKEDTILE_H
#define MOTE_PACKEDTILE_H

#include <stdint.h>

#include "mote/conv2d.h"

enum {
  MOTE_TILE_PAIRS,    /* of pixels in a tile */
  MOTE_TILE_GROUP,    /* steps that share a scale, or 0 */
  MOTE_TILE_OFFSET,   /* 16 * offset of the codes in both halves */
  MOTE_TILE_TAIL,     /* words at a pair's end that are no taps */
  MOTE_TILE_OUTLIERS, /* 1: there are some */
  MOTE_TILE_ZERO,     /* the output's zero point */
  MOTE_TILE_HEAD,
  MOTE_TILE_BITS = MOTE_TILE_GROUP,   /* palette, block: of a code */
  MOTE_TILE_TABLE = MOTE_TILE_OFFSET, /* palette: where the table is, in words from the head; 0: each channel has one */
  MOTE_TILE_BLOCK = MOTE_TILE_OFFSET  /* block: its steps */
};

typedef mote_conv2d_s8s8_dsp mote_packedtile_s8binary_b1;
typedef mote_conv2d_s8s8_dsp mote_packedtile_s8int_b2;
typedef mote_conv2d_s8s8_dsp mote_packedtile_s8int_b3;
typedef mote_conv2d_s8s8_dsp mote_packedtile_s8int_b4;
typedef mote_conv2d_s8s8_dsp mote_packedtile_s8int_b6;
typedef mote_conv2d_s8s8_dsp mote_packedtile_s8palette;
typedef mote_conv2d_s8s8_dsp mote_packedtile_s8sparse;
typedef mote_conv2d_s8s8_dsp mote_packedtile_s8block;

void mote_packedtile_s8binary_b1__dsp_2x4(const mote_packedtile_s8binary_b1 *p, const int8_t *input, int8_t *output,
                                          void *scratch);
void mote_packedtile_s8int_b2__dsp_2x4(const mote_packedtile_s8int_b2 *p, const int8_t *input, int8_t *output,
                                       void *scratch);
void mote_packedtile_s8int_b3__dsp_2x4(const mote_packedtile_s8int_b3 *p, const int8_t *input, int8_t *output,
                                       void *scratch);
void mote_packedtile_s8int_b4__dsp_2x4(const mote_packedtile_s8int_b4 *p, const int8_t *input, int8_t *output,
                                       void *scratch);
void mote_packedtile_s8int_b6__dsp_2x4(const mote_packedtile_s8int_b6 *p, const int8_t *input, int8_t *output,
                                       void *scratch);
void mote_packedtile_s8palette__dsp_2x4(const mote_packedtile_s8palette *p, const int8_t *input, int8_t *output,
                                        void *scratch);
void mote_packedtile_s8sparse__dsp_2x4(const mote_packedtile_s8sparse *p, const int8_t *input, int8_t *output,
                                       void *scratch);
void mote_packedtile_s8block__dsp_2x4(const mote_packedtile_s8block *p, const int8_t *input, int8_t *output,
                                      void *scratch);

#endif
