/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's F(2x2, 3x3) (winograd.h) without SIMD, four tiles side by side: what its kernels share. A kernel defines
 * MOTE_WINOGRAD_VALUE, the type of transformed inputs. */
#ifndef MOTE_WINOGRAD_TILES_H
#define MOTE_WINOGRAD_TILES_H

#include <stdint.h>

enum { MOTE_WINOGRAD_TILES = 4, MOTE_WINOGRAD_COLUMNS = 2 * MOTE_WINOGRAD_TILES + 2 };

typedef struct {
  int32_t in_h, in_w, in_c;
} mote_winograd_image;

/* How far apart the transformed tiles of neighbouring positions (column by column) and channels lie. */
typedef struct {
  int32_t position, channel;
} mote_winograd_steps;

/* A column of four pixels times B^T, rows u = 1, 2, 0, 3. */
typedef struct {
  int32_t of[4];
} mote_winograd_column;

static inline mote_winograd_column mote_winograd_column_of(const int8_t *const *at, int32_t c) {
  const int32_t d0 = at[0][c];
  const int32_t d1 = at[1][c];
  const int32_t d2 = at[2][c];
  const int32_t d3 = at[3][c];
  const mote_winograd_column made = {{d1 + d2, d2 - d1, d0 - d2, d1 - d3}};
  return made;
}

/* B^T d B of four tiles, each two columns on; `at`: ten columns of four pixels. */
static inline void mote_winograd_transform(const int8_t *const *at, int32_t in_c, MOTE_WINOGRAD_VALUE *to,
                                           mote_winograd_steps step) {
  for (int32_t c = 0; c < in_c; c++) {
    mote_winograd_column d0 = mote_winograd_column_of(at, c);
    mote_winograd_column d1 = mote_winograd_column_of(at + 4, c);
#pragma GCC unroll 1
    for (int32_t tile = 0; tile < MOTE_WINOGRAD_TILES; tile++) {
      const mote_winograd_column d2 = mote_winograd_column_of(at + 8 * tile + 8, c);
      const mote_winograd_column d3 = mote_winograd_column_of(at + 8 * tile + 12, c);
      for (int32_t u = 0; u < 4; u++) {
        MOTE_WINOGRAD_VALUE *const row = to + tile + u * step.position;
        row[0] = (MOTE_WINOGRAD_VALUE)(d1.of[u] + d2.of[u]);
        row[4 * step.position] = (MOTE_WINOGRAD_VALUE)(d0.of[u] - d2.of[u]);
        row[8 * step.position] = (MOTE_WINOGRAD_VALUE)(d2.of[u] - d1.of[u]);
        row[12 * step.position] = (MOTE_WINOGRAD_VALUE)(d1.of[u] - d3.of[u]);
      }
      d0 = d2;
      d1 = d3;
    }
    to += step.channel;
  }
}

/* The pixels that the tiles from (y, x) on see, column by column: `zeros` outside the image. */
static inline void mote_winograd_pixels(const mote_winograd_image *p, const int8_t *input, const int8_t *zeros,
                                        int32_t y, int32_t x, const int8_t **at) {
  for (int32_t j = x; j < x + MOTE_WINOGRAD_COLUMNS; j++) {
    const uint32_t in_h = (uint32_t)j < (uint32_t)p->in_w ? (uint32_t)p->in_h : 0;
#pragma GCC unroll 1
    for (int32_t i = y; i < y + 4; i++) *at++ = (uint32_t)i < in_h ? input + (i * p->in_w + j) * p->in_c : zeros;
  }
}

#endif
