/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the bits in which windows of signs differ from filters without a population count: for 16 pixels side by side, and
 * four taps at a time, a table says for each of the 16 values that a filter's four bits can have how many of them differ,
 * all pixels in the nibbles of two words (Arlazarov, Dinic, Kronrod, Faradzhev: "four Russians", 1970). A filter's word of 32
 * bits is eight look-ups and additions; all filters share the tables. Nibbles are widened to bytes after three additions (12
 * differences), bytes to 16 bits after seven words (224). A tap outside the image that counts as 0 differs by half. */
#ifndef MOTE_BINARY_LANES_H
#define MOTE_BINARY_LANES_H

#include "mote/binarylanes.h"

enum { MOTE_LANES_PIXELS = 16, MOTE_LANES_TABLE = 256, MOTE_LANES_SECTION = 7 };

typedef struct {
  uint32_t *table;                 /* [8 groups of four taps][16 values][2] */
  uint32_t *bytes;                 /* [out_c][4]: differences in this section */
  uint32_t *wide;                  /* [out_c][8]: of all sections but a single one */
  int32_t chunks;                  /* words of a window */
  int32_t pixels;                  /* of this tile */
  int32_t y[MOTE_LANES_PIXELS], x[MOTE_LANES_PIXELS]; /* where their windows begin */
} mote_lanes;

/* Pixel of the lowest byte of byte word k; every further byte is two pixels on. */
static inline int32_t mote_lanes_pixel(int32_t k) {
  return 8 * (k >> 1) + (k & 1);
}

/* Every other byte. */
static inline uint32_t mote_lanes_low(uint32_t bytes) {
  return bytes & 0x00FF00FFu;
}

static inline uint32_t mote_lanes_high(uint32_t bytes) {
  return (bytes >> 8) & 0x00FF00FFu;
}

/* Eight words of eight nibbles, rows to columns. */
static inline void mote_lanes_turn(uint32_t x[8]) {
  for (int32_t i = 0; i < 8; i += 2) {
    const uint32_t a = x[i], b = x[i + 1];
    x[i] = (a & 0x0F0F0F0Fu) | (b & 0x0F0F0F0Fu) << 4;
    x[i + 1] = ((a >> 4) & 0x0F0F0F0Fu) | (b & 0xF0F0F0F0u);
  }
  for (int32_t i = 0; i < 8; i += i & 1 ? 3 : 1) {
    const uint32_t a = x[i], b = x[i + 2];
    x[i] = (a & 0x00FF00FFu) | (b & 0x00FF00FFu) << 8;
    x[i + 2] = ((a >> 8) & 0x00FF00FFu) | (b & 0xFF00FF00u);
  }
  for (int32_t i = 0; i < 4; i++) {
    const uint32_t a = x[i], b = x[i + 4];
    x[i] = (a & 0x0000FFFFu) | b << 16;
    x[i + 4] = a >> 16 | (b & 0xFFFF0000u);
  }
}

/* The nibbles of a tap for 16 pixels, and a 1 for each that reads nothing and counts as 0. */
typedef struct {
  uint32_t nibbles[2][8];
  uint32_t outside[2];
} mote_lanes_taps;

/* Word j of the pixels of a tap; null is outside the image. */
static inline void mote_lanes_gather(const mote_binarylanes_b1b1 *p, const int32_t *const *taps, int32_t j,
                                     uint32_t all, mote_lanes_taps *to) {
  const uint32_t around = p->pad_value > 0 ? all : 0u;
  for (int32_t q = 0; q < 2; q++) {
    uint32_t outside = 0;
    for (int32_t i = 0; i < 8; i++) {
      const int32_t *tap = *taps++;
      if (tap) {
        to->nibbles[q][i] = (uint32_t)tap[j];
      } else {
        to->nibbles[q][i] = around;
        if (p->pad_value == 0) outside |= (uint32_t)1 << (4 * i);
      }
    }
    to->outside[q] = outside;
    mote_lanes_turn(to->nibbles[q]);
  }
}

#ifndef MOTE_LANES_OWN_LOOPS

/* What four bits of a filter add to a sum, from those that the tables of two words have in common. */
#define MOTE_LANES_ENTRY(w, a, b) t[2 * (w)] = (a), t[2 * (w) + 1] = (b);

/* The table of one group of four taps. `half` is what a tap outside adds for the group. */
static inline void mote_lanes_fill(uint32_t *t, const mote_lanes_taps *x, int32_t g, uint32_t half) {
  const uint32_t ones = 0x11111111u;
  const uint32_t a = x->nibbles[0][g], b = x->nibbles[1][g];
  const uint32_t a0 = a & ones, a1 = (a >> 1) & ones, a2 = (a >> 2) & ones, a3 = (a >> 3) & ones;
  const uint32_t b0 = b & ones, b1 = (b >> 1) & ones, b2 = (b >> 2) & ones, b3 = (b >> 3) & ones;
  const uint32_t ia = ones - x->outside[0], ib = ones - x->outside[1];
  uint32_t sa = a0 + a1 + a2 + a3 + x->outside[0] * half, sb = b0 + b1 + b2 + b3 + x->outside[1] * half;
  /* In Gray's order each entry is the one before, with a bit more or a bit less. */
  MOTE_LANES_ENTRY(0, sa, sb)
  sa += ia - 2 * a0, sb += ib - 2 * b0;
  MOTE_LANES_ENTRY(1, sa, sb)
  sa += ia - 2 * a1, sb += ib - 2 * b1;
  MOTE_LANES_ENTRY(3, sa, sb)
  sa -= ia - 2 * a0, sb -= ib - 2 * b0;
  MOTE_LANES_ENTRY(2, sa, sb)
  sa += ia - 2 * a2, sb += ib - 2 * b2;
  MOTE_LANES_ENTRY(6, sa, sb)
  sa += ia - 2 * a0, sb += ib - 2 * b0;
  MOTE_LANES_ENTRY(7, sa, sb)
  sa -= ia - 2 * a1, sb -= ib - 2 * b1;
  MOTE_LANES_ENTRY(5, sa, sb)
  sa -= ia - 2 * a0, sb -= ib - 2 * b0;
  MOTE_LANES_ENTRY(4, sa, sb)
  sa += ia - 2 * a3, sb += ib - 2 * b3;
  MOTE_LANES_ENTRY(12, sa, sb)
  sa += ia - 2 * a0, sb += ib - 2 * b0;
  MOTE_LANES_ENTRY(13, sa, sb)
  sa += ia - 2 * a1, sb += ib - 2 * b1;
  MOTE_LANES_ENTRY(15, sa, sb)
  sa -= ia - 2 * a0, sb -= ib - 2 * b0;
  MOTE_LANES_ENTRY(14, sa, sb)
  sa -= ia - 2 * a2, sb -= ib - 2 * b2;
  MOTE_LANES_ENTRY(10, sa, sb)
  sa += ia - 2 * a0, sb += ib - 2 * b0;
  MOTE_LANES_ENTRY(11, sa, sb)
  sa -= ia - 2 * a1, sb -= ib - 2 * b1;
  MOTE_LANES_ENTRY(9, sa, sb)
  sa -= ia - 2 * a0, sb -= ib - 2 * b0;
  MOTE_LANES_ENTRY(8, sa, sb)
}

#else

/* An instruction set's own, in its header. */
static void mote_lanes_fill(uint32_t *t, const mote_lanes_taps *x, int32_t g, uint32_t half);

#endif

/* Tables for word j of the pixels of a tap. */
__attribute__((noinline)) static void mote_lanes_tables(const mote_binarylanes_b1b1 *p, uint32_t *table,
                                                        const int32_t *const *taps, int32_t j) {
  const int32_t left = p->in_c - 32 * j;
  mote_lanes_taps x;
  mote_lanes_gather(p, taps, j, left < 32 ? ((uint32_t)1 << left) - 1u : 0xFFFFFFFFu, &x);
  for (int32_t g = 0; g < 8; g++) {
    const int32_t taken = left - 4 * g;
    if (taken > 0) {
      mote_lanes_fill(table, &x, g, taken < 4 ? (uint32_t)taken >> 1 : 2u);
    } else {
      table[0] = table[1] = 0;
    }
    table += 32;
  }
}

#ifndef MOTE_LANES_OWN_LOOPS

static inline uint32_t mote_lanes_even(uint32_t nibbles) {
  return nibbles & 0x0F0F0F0Fu;
}

static inline uint32_t mote_lanes_odd(uint32_t nibbles) {
  return (nibbles >> 4) & 0x0F0F0F0Fu;
}

/* Two words of group g for a filter's word. */
#define MOTE_LANES_GROUP(g, op)                                            \
  {                                                                        \
    const uint32_t *t = table + 32 * (g) + 2 * ((w >> (4 * (g))) & 15u);   \
    s0 op t[0];                                                            \
    s1 op t[1];                                                            \
  }

static inline void mote_lanes_look(const uint32_t *table, uint32_t w, uint32_t sums[4]) {
  uint32_t s0, s1;
  MOTE_LANES_GROUP(0, =)
  MOTE_LANES_GROUP(1, +=)
  MOTE_LANES_GROUP(2, +=)
  uint32_t a = mote_lanes_even(s0), b = mote_lanes_odd(s0), d = mote_lanes_even(s1), e = mote_lanes_odd(s1);
  MOTE_LANES_GROUP(3, =)
  MOTE_LANES_GROUP(4, +=)
  MOTE_LANES_GROUP(5, +=)
  a += mote_lanes_even(s0), b += mote_lanes_odd(s0), d += mote_lanes_even(s1), e += mote_lanes_odd(s1);
  MOTE_LANES_GROUP(6, =)
  MOTE_LANES_GROUP(7, +=)
  sums[0] = a + mote_lanes_even(s0), sums[1] = b + mote_lanes_odd(s0);
  sums[2] = d + mote_lanes_even(s1), sums[3] = e + mote_lanes_odd(s1);
}

/* A word of every filter: its differences. */
__attribute__((noinline)) static void mote_lanes_begin(const uint32_t *table, uint32_t *bytes, const int32_t *codes,
                                                       const int32_t *end) {
  for (; codes != end; codes++) {
    mote_lanes_look(table, (uint32_t)*codes, bytes);
    bytes += 4;
  }
}

/* The same, added. */
__attribute__((noinline)) static void mote_lanes_add(const uint32_t *table, uint32_t *bytes, const int32_t *codes,
                                                     const int32_t *end) {
  for (; codes != end; codes++) {
    uint32_t sums[4];
    mote_lanes_look(table, (uint32_t)*codes, sums);
    for (int32_t i = 0; i < 4; i++) bytes[i] += sums[i];
    bytes += 4;
  }
}

#else

static void mote_lanes_begin(const uint32_t *table, uint32_t *bytes, const int32_t *codes, const int32_t *end);
static void mote_lanes_add(const uint32_t *table, uint32_t *bytes, const int32_t *codes, const int32_t *end);

#endif

/* The section's bytes into halves. */
__attribute__((noinline)) static void mote_lanes_widen(const mote_lanes *v, int32_t out_c, int first) {
  uint32_t *to = v->wide;
  for (int32_t i = 0; i < 4 * out_c; i++) {
    const uint32_t low = mote_lanes_low(v->bytes[i]), high = mote_lanes_high(v->bytes[i]);
    to[0] = first ? low : to[0] + low;
    to[1] = first ? high : to[1] + high;
    to += 2;
  }
}

static inline mote_lanes mote_lanes_open(const mote_binarylanes_b1b1 *p, void *scratch) {
  mote_lanes v;
  v.table = (uint32_t *)scratch;
  v.bytes = v.table + MOTE_LANES_TABLE;
  v.wide = v.bytes + 4 * p->out_c;
  v.chunks = p->kernel_h * p->kernel_w * p->words;
  v.pixels = 0;
  v.y[0] = -p->pad_top;
  v.x[0] = -p->pad_left - p->stride_w;
  v.y[MOTE_LANES_PIXELS - 1] = v.y[0];
  v.x[MOTE_LANES_PIXELS - 1] = v.x[0];
  return v;
}

/* The next up to 16 pixels; lanes without one repeat the last. */
__attribute__((noinline)) static void mote_lanes_next(const mote_binarylanes_b1b1 *p, mote_lanes *v, int32_t left) {
  const int32_t end = p->out_w * p->stride_w - p->pad_left;
  int32_t y = v->y[MOTE_LANES_PIXELS - 1], x = v->x[MOTE_LANES_PIXELS - 1];
  v->pixels = left < MOTE_LANES_PIXELS ? left : MOTE_LANES_PIXELS;
  for (int32_t i = 0; i < MOTE_LANES_PIXELS; i++) {
    if (i < v->pixels) {
      x += p->stride_w;
      if (x >= end) {
        x = -p->pad_left;
        y += p->stride_h;
      }
    }
    v->y[i] = y;
    v->x[i] = x;
  }
}

/* Differences of all channels at the tile's pixels. */
__attribute__((noinline)) static void mote_lanes_tile(const mote_binarylanes_b1b1 *p, const mote_lanes *v, const int32_t *input) {
  const int32_t *codes = p->codes;
  int32_t counted = 0; /* words of this section */
  int first = 1;
  for (int32_t tap = 0, ky = 0, kx = 0; tap < p->kernel_h * p->kernel_w; tap++) {
    const int32_t *taps[MOTE_LANES_PIXELS];
    for (int32_t i = 0; i < MOTE_LANES_PIXELS; i++) {
      const int32_t y = v->y[i] + ky * p->dilation_h, x = v->x[i] + kx * p->dilation_w;
      const int inside = y >= 0 && y < p->in_h && x >= 0 && x < p->in_w;
      taps[i] = inside ? input + (y * p->in_w + x) * p->words : 0;
    }
    for (int32_t j = 0; j < p->words; j++) {
      mote_lanes_tables(p, v->table, taps, j);
      if (counted == MOTE_LANES_SECTION) {
        mote_lanes_widen(v, p->out_c, first);
        first = 0;
        counted = 0;
      }
      if (counted++ == 0) {
        mote_lanes_begin(v->table, v->bytes, codes, codes + p->out_c);
      } else {
        mote_lanes_add(v->table, v->bytes, codes, codes + p->out_c);
      }
      codes += p->out_c;
    }
    if (++kx == p->kernel_w) {
      kx = 0;
      ky++;
    }
  }
  if (!first) mote_lanes_widen(v, p->out_c, 0);
}

#endif
