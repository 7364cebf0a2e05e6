/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of eight pixels as the words of packedpairs.h: for every block of codes four words Q, then for each of its
 * taps four words Y, of pixels 0 and 1, 2 and 3, 4 and 5, 6 and 7. */
#ifndef MOTE_PACKEDPAIRS_GATHER_H
#define MOTE_PACKEDPAIRS_GATHER_H

#include <string.h>

#include "mote/packedpairs.h"

enum { MOTE_TILE = 8 };

/* Where the windows of the tile's pixels start in the image. */
typedef struct {
  int32_t y[MOTE_TILE], x[MOTE_TILE];
} mote_corners;

/* How far one pair of pixels is. */
typedef struct {
  uint32_t *head;   /* Q of the block */
  uint32_t *to;     /* Y of the next tap */
  uint32_t before;  /* 2^b * unit * X of the tap before */
  uint32_t sum;     /* of the block's X */
  int32_t block;    /* taps left in the block */
  int32_t segment;  /* and behind it, in the segment */
  int32_t taps;     /* and behind that */
} mote_pair_cursor;

static inline void mote_open_block(const mote_packedpairs *p, int32_t codes, mote_pair_cursor *c) {
  if (c->segment == 0) {
    c->segment = c->taps < p->segment ? c->taps : p->segment;
    c->taps -= c->segment;
  }
  c->block = c->segment < codes ? c->segment : codes;
  c->segment -= c->block;
  c->to = c->head + 4;
  c->before = 0;
  c->sum = 0;
}

/* `count` neighbouring taps of two pixels. */
static void mote_gather_taps(const mote_packedpairs *p, int32_t bits, int32_t codes, mote_pair_cursor *c,
                                    const int8_t *a, const int8_t *b, int32_t count) {
  const int32_t unit = p->unit_shift;
  while (count > 0) {
    const int32_t now = count < c->block ? count : c->block;
    const int8_t *const end = a + now;
    uint32_t before = c->before;
    uint32_t sum = c->sum;
    uint32_t *to = c->to;
    for (; a != end; to += 4) {
      const uint32_t x = (uint32_t)(int32_t)*a++ + ((uint32_t)(int32_t)*b++ << 16);
      const uint32_t y = x << unit;
      sum += x;
      *to = y - before;
      before = bits < 32 ? y << bits : 0;
    }
    c->to = to;
    c->before = before;
    c->sum = sum;
    count -= now;
    c->block -= now;
    if (c->block > 0) continue;
    *c->head = 0u - (uint32_t)p->offset * sum;
    c->head += 4 * (codes + 1);
    mote_open_block(p, codes, c);
  }
}

static inline const int8_t *mote_tap_at(const mote_packedpairs *p, const int8_t *input, const int8_t *zeros, int32_t y,
                                        int32_t x) {
  const int inside = y >= 0 && y < p->in_h && x >= 0 && x < p->in_w;
  return inside ? input + (y * p->in_w + x) * p->in_c : zeros;
}

/* Both windows of a pair; those that lie inside the image from left to right row by row. */
static inline void mote_gather_pair(const mote_packedpairs *p, int32_t bits, int32_t codes, const int8_t *input,
                                    const int8_t *zeros, const mote_corners *at, int32_t pair, uint32_t *words) {
  const int32_t ax = at->x[2 * pair];
  const int32_t bx = at->x[2 * pair + 1];
  const int32_t reach = p->in_w - p->kernel_w;
  const int whole = p->dilation_w == 1 && ax >= 0 && bx >= 0 && ax <= reach && bx <= reach;
  int32_t ay = at->y[2 * pair];
  int32_t by = at->y[2 * pair + 1];
  mote_pair_cursor c = {words + pair, 0, 0, 0, 0, 0, p->kernel_h * p->kernel_w * p->in_c};
  mote_open_block(p, codes, &c);
  for (int32_t i = 0; i < p->kernel_h; i++) {
    const int rows = ay >= 0 && by >= 0 && ay < p->in_h && by < p->in_h;
    if (whole && rows) {
      mote_gather_taps(p, bits, codes, &c, mote_tap_at(p, input, zeros, ay, ax), mote_tap_at(p, input, zeros, by, bx),
                       p->kernel_w * p->in_c);
    } else {
      int32_t x = 0;
      for (int32_t j = 0; j < p->kernel_w; j++) {
        mote_gather_taps(p, bits, codes, &c, mote_tap_at(p, input, zeros, ay, ax + x),
                         mote_tap_at(p, input, zeros, by, bx + x), p->in_c);
        x += p->dilation_w;
      }
    }
    ay += p->dilation_h;
    by += p->dilation_h;
  }
}

/* The next tile: `left` pixels from (y, x) of the output on, the last one again where there are fewer than eight. */
static inline void mote_place_tile(const mote_packedpairs *p, int32_t *y, int32_t *x, int32_t left, mote_corners *at) {
  for (int32_t i = 0; i < MOTE_TILE; i++) {
    at->y[i] = *y * p->stride_h - p->pad_top;
    at->x[i] = *x * p->stride_w - p->pad_left;
    if (i + 1 >= left) continue;
    if (++*x == p->out_w) {
      *x = 0;
      ++*y;
    }
  }
}

/* Pairs of a tile that have a pixel; the others keep what they have. */
static inline void mote_gather_tile(const mote_packedpairs *p, int32_t bits, int32_t codes, const int8_t *input,
                                    const int8_t *zeros, const mote_corners *at, int32_t pixels, uint32_t *words) {
  for (int32_t pair = 0; 2 * pair < pixels; pair++) mote_gather_pair(p, bits, codes, input, zeros, at, pair, words);
}

/* The words X of the tap whose words Y are the fours at `place`: a block's are Q and then Y of its codes. */
static inline void mote_words_of_tap(const uint32_t *y, int32_t place, int32_t bits, int32_t codes, uint32_t *x) {
  int32_t first = place - place % (codes + 1) + 1;
  for (int32_t i = 0; i < MOTE_TILE / 2; i++) x[i] = 0;
  for (; first <= place; first++)
    for (int32_t i = 0; i < MOTE_TILE / 2; i++) x[i] = y[4 * first + i] + (x[i] << bits);
}

/* Adds the outliers of channel c to the sums of its eight pixels. */
static inline void mote_add_outliers(const mote_packedpairs *p, const uint32_t *y, int32_t bits, int32_t codes, int32_t c,
                              int32_t *sums) {
  for (int32_t k = p->outlier_starts[c]; k < p->outlier_starts[c + 1]; k++) {
    const int32_t amount = p->outlier_amounts[k];
    uint32_t x[MOTE_TILE / 2];
    mote_words_of_tap(y, p->outlier_places[k], bits, codes, x);
    for (int32_t i = 0; i < MOTE_TILE / 2; i++) {
      const int32_t even = (int16_t)x[i];
      sums[2 * i] += amount * even;
      sums[2 * i + 1] += amount * ((int32_t)(x[i] - (uint32_t)even) >> 16);
    }
  }
}

#endif
