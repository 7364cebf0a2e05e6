/* SPDX-License-Identifier: Apache-2.0 */
/* Differing bits of one window from 16 filters (binaryrow.h): four channels to a vector, whose bytes look their population
 * count up in a table; the counts stay in bytes until the window ends, or they are full. */
#ifndef MOTE_BINARY_ROW_MVE_H
#define MOTE_BINARY_ROW_MVE_H

#include <arm_mve.h>

#include "mote/binaryrow.h"
#include "mote/window.h"

/* Words of at most 8 differences a byte. */
#define MOTE_BINARY_ROW_ROOM 31
/* Words of at most 255 differences. */
#define MOTE_BINARY_ROW_SMALL 7

#define MOTE_BITS_2(n) (n), (n) + 1, (n) + 1, (n) + 2
#define MOTE_BITS_4(n) MOTE_BITS_2(n), MOTE_BITS_2((n) + 1), MOTE_BITS_2((n) + 1), MOTE_BITS_2((n) + 2)
#define MOTE_BITS_6(n) MOTE_BITS_4(n), MOTE_BITS_4((n) + 1), MOTE_BITS_4((n) + 1), MOTE_BITS_4((n) + 2)
static const uint8_t mote_bits_of_byte[256] = {MOTE_BITS_6(0), MOTE_BITS_6(1), MOTE_BITS_6(1), MOTE_BITS_6(2)};

/* Words of the window that lie inside the image, one after the other, and their filters' first. */
typedef struct {
  int32_t from, filter, words;
} mote_binary_run;

typedef struct {
  mote_binary_run *runs;
  int32_t count;
  int32_t half;         /* differences of the taps outside, which count as half */
  int32_t begin, end;   /* of the columns that the runs are for */
} mote_binary_runs;

/* The runs of a window; neighbouring taps make one. */
static inline void mote_binary_find(const mote_binaryrow_b1b1 *p, mote_binary_runs *v, mote_range rows, mote_range columns) {
  const int32_t inside = columns.end - columns.begin;
  const int32_t each = p->dilation_w == 1 ? inside : 1;
  v->count = 0;
  v->begin = columns.begin;
  v->end = columns.end;
  v->half = (p->kernel_h * p->kernel_w - (rows.end - rows.begin) * inside) * p->in_c / 2;
  for (int32_t i = rows.begin; i < rows.end; i++) {
    for (int32_t k = columns.begin; k < columns.end; k += each) {
      mote_binary_run *const run = v->runs + v->count++;
      run->from = (i * p->dilation_h * p->in_w + k * p->dilation_w) * p->words;
      run->filter = (i * p->kernel_w + k) * p->words * p->out_c;
      run->words = each * p->words;
    }
  }
}

static inline uint8x16_t mote_binary_count(uint32x4_t filter, uint32x4_t x) {
  return vldrbq_gather_offset_u8(mote_bits_of_byte, vreinterpretq_u8_u32(veorq_u32(filter, x)));
}

/* The four bytes of each lane: the product sums them in its highest. */
static inline uint32x4_t mote_binary_sum(uint8x16_t bytes) {
  const uint32x4_t even = vreinterpretq_u32_u8(vandq_u8(bytes, vreinterpretq_u8_u16(vdupq_n_u16(0x00FF))));
  const uint32x4_t odd = vreinterpretq_u32_u16(vshrq_n_u16(vreinterpretq_u16_u8(bytes), 8));
  return vshrq_n_u32(vmulq_n_u32(vaddq_u32(even, odd), 0x00010001u), 16);
}

/* The same where they are at most 255 together. */
static inline uint32x4_t mote_binary_small_sum(uint8x16_t bytes) {
  return vshrq_n_u32(vmulq_n_u32(vreinterpretq_u32_u8(bytes), 0x01010101u), 24);
}

/* Pixels of two words as they are, one after the other, into whole words of channels. */
static inline int mote_binary_direct(const mote_binaryrow_b1b1 *p) {
  return p->kernel_h * p->kernel_w * p->stride_h * p->stride_w == 1 && p->words == 2 && p->pad_top + p->pad_left == 0 &&
         p->in_h == p->out_h && p->in_w == p->out_w && p->out_c % 32 == 0;
}

/* Both words of eight filters stay in registers while all pixels pass. */
typedef struct {
  uint32x4_t first[2], second[2];
} mote_binary_eight;

static inline __attribute__((always_inline)) mote_binary_eight mote_binary_filters(const mote_binaryrow_b1b1 *p, int32_t c) {
  const uint32_t *const w = (const uint32_t *)p->codes + c, *const next = w + p->out_c;
  const mote_binary_eight r = {{vldrwq_u32(w), vldrwq_u32(w + 4)}, {vldrwq_u32(next), vldrwq_u32(next + 4)}};
  return r;
}

static inline __attribute__((always_inline)) uint32x4_t mote_binary_pair(const mote_binary_eight *f, int32_t k,
                                                                         uint32x4_t x, uint32x4_t y) {
  return mote_binary_small_sum(vaddq_u8(mote_binary_count(f->first[k], x), mote_binary_count(f->second[k], y)));
}

/* What a kernel does with the differences of four channels, c and up, of which `left` are there (`whole`: all); of 16
 * channels the last four come first. `word` is its own, 0 before them. */
typedef void (*mote_binary_put)(const mote_binaryrow_b1b1 *p, uint32x4_t differ, int32_t c, int32_t left, int whole,
                                void *output, uint32_t *word);

/* The bytes of 16 channels at w for windows of so few words that they hold all differences. */
static inline __attribute__((always_inline)) uint32_t mote_binary_whole(const mote_binaryrow_b1b1 *p,
                                                                        const mote_binary_runs *v, const int32_t *x,
                                                                        const uint32_t *w, int32_t c, void *output,
                                                                        int small, mote_binary_put put) {
  uint8x16_t b0 = vdupq_n_u8(0), b1 = b0, b2 = b0, b3 = b0;
  const int32_t step = p->out_c;
  const mote_binary_run *run = v->runs;
  for (int32_t runs = v->count; runs > 0; runs--, run++) {
    const int32_t *from = x + run->from;
    const uint32_t *filter = w + run->filter;
    for (int32_t words = run->words; words > 0; words--) {
      const uint32x4_t word = vdupq_n_u32((uint32_t)*from++);
      b0 = vaddq_u8(b0, mote_binary_count(vldrwq_u32(filter), word));
      b1 = vaddq_u8(b1, mote_binary_count(vldrwq_u32(filter + 4), word));
      b2 = vaddq_u8(b2, mote_binary_count(vldrwq_u32(filter + 8), word));
      b3 = vaddq_u8(b3, mote_binary_count(vldrwq_u32(filter + 12), word));
      filter += step;
    }
  }
  const uint32_t half = (uint32_t)v->half;
  uint32_t word = 0;
  put(p, vaddq_n_u32(small ? mote_binary_small_sum(b3) : mote_binary_sum(b3), half), c + 12, 4, 1, output, &word);
  put(p, vaddq_n_u32(small ? mote_binary_small_sum(b2) : mote_binary_sum(b2), half), c + 8, 4, 1, output, &word);
  put(p, vaddq_n_u32(small ? mote_binary_small_sum(b1) : mote_binary_sum(b1), half), c + 4, 4, 1, output, &word);
  put(p, vaddq_n_u32(small ? mote_binary_small_sum(b0) : mote_binary_sum(b0), half), c, 4, 1, output, &word);
  return word;
}

/* The differences of four channels at w in any window. */
static uint32x4_t __attribute__((noinline)) mote_binary_four(const mote_binaryrow_b1b1 *p, const mote_binary_runs *v,
                                                             const int32_t *x, const uint32_t *w, int32_t left) {
  const mve_pred16_t lanes = vctp32q((uint32_t)left);
  uint32x4_t sums = vdupq_n_u32((uint32_t)v->half);
  const mote_binary_run *run = v->runs;
  for (int32_t runs = v->count; runs > 0; runs--, run++) {
    const int32_t *from = x + run->from;
    const uint32_t *filter = w + run->filter;
    for (int32_t words = run->words; words > 0;) {
      int32_t now = words < MOTE_BINARY_ROW_ROOM ? words : MOTE_BINARY_ROW_ROOM;
      uint8x16_t bytes = vdupq_n_u8(0);
      words -= now;
      for (; now > 0; now--, filter += p->out_c)
        bytes = vaddq_u8(bytes, mote_binary_count(vldrwq_z_u32(filter, lanes), vdupq_n_u32((uint32_t)*from++)));
      sums = vaddq_u32(sums, mote_binary_sum(bytes));
    }
  }
  return sums;
}

/* Up to 16 channels, one by one of the fours. */
static inline __attribute__((always_inline)) uint32_t mote_binary_rest(const mote_binaryrow_b1b1 *p,
                                                                       const mote_binary_runs *v, const int32_t *x,
                                                                       const uint32_t *w, int32_t c, void *output,
                                                                       mote_binary_put put) {
  const int32_t left = p->out_c - c;
  uint32_t word = 0;
  for (int32_t k = left < 16 ? (left - 1) & ~3 : 12; k >= 0; k -= 4)
    put(p, mote_binary_four(p, v, x, w + k, left - k), c + k, left - k, 0, output, &word);
  return word;
}

/* After 16 channels. */
typedef void (*mote_binary_end)(const mote_binaryrow_b1b1 *p, int32_t c, uint32_t word, void *output);

static inline __attribute__((always_inline)) void mote_binary_pixels(const mote_binaryrow_b1b1 *p, const int32_t *input,
                                                                     uint8_t *output, int32_t pixel_bytes, void *scratch,
                                                                     mote_binary_put put, mote_binary_end end) {
  mote_binary_runs v = {(mote_binary_run *)scratch, 0, 0, -1, -1};
  const int32_t words = p->kernel_h * p->kernel_w * p->words;
  int32_t y0 = -p->pad_top;
  for (int32_t y = 0; y < p->out_h; y++, y0 += p->stride_h) {
    const mote_range rows = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
    int32_t x0 = -p->pad_left;
    v.begin = -1;
    for (int32_t x = 0; x < p->out_w; x++, x0 += p->stride_w) {
      const mote_range columns = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
      if (columns.begin != v.begin || columns.end != v.end) mote_binary_find(p, &v, rows, columns);
      const int32_t *const window = input + (y0 * p->in_w + x0) * p->words;
      const uint32_t *w = (const uint32_t *)p->codes;
      for (int32_t c = 0; c < p->out_c; c += 16, w += 16) {
        uint32_t word;
        if (p->out_c - c < 16 || words > MOTE_BINARY_ROW_ROOM) {
          word = mote_binary_rest(p, &v, window, w, c, output, put);
        } else if (words > MOTE_BINARY_ROW_SMALL) {
          word = mote_binary_whole(p, &v, window, w, c, output, 0, put);
        } else {
          word = mote_binary_whole(p, &v, window, w, c, output, 1, put);
        }
        end(p, c, word, output);
      }
      output += pixel_bytes;
    }
  }
}

#endif
