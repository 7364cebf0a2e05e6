/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix product by DSP instructions, four columns of b at a time: they are widened to pairs of int16 in scratch, less
 * their zero point, once for all rows of a. Depths that are there no more are 0 in b. */
#include "mote/dsp_dynamic.h"
#include "mote/dsp_word.h"
#include "mote/matmul.h"
#include "mote/requantize.h"

enum { COLUMNS = 4, QUAD_WORDS = 2 * COLUMNS };

/* Bytes 0 and 2 as int16, added to a pair; 1 and 3. */
static inline uint32_t add_even(uint32_t pair, uint32_t four) {
  uint32_t out;
  __asm__("sxtab16 %0, %1, %2" : "=r"(out) : "r"(pair), "r"(four));
  return out;
}

static inline uint32_t add_odd(uint32_t pair, uint32_t four) {
  uint32_t out;
  __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(out) : "r"(pair), "r"(four));
  return out;
}

static inline uint32_t bottoms(uint32_t a, uint32_t b) { return (a & 0xFFFFu) | (b << 16); }
static inline uint32_t tops(uint32_t a, uint32_t b) { return (a >> 16) | (b & 0xFFFF0000u); }
static inline uint32_t both(int32_t x) { return (uint32_t)(uint16_t)x * 0x10001u; }

/* Four depths of four columns: of each column depths 0 and 2, then 1 and 3. */
static inline void widen_quad(const int8_t *b, int32_t stride, uint32_t less, uint32_t *w) {
  uint32_t even[4];
  uint32_t odd[4];
  for (int32_t k = 0; k < 4; k++) {
    const uint32_t four = mote_dsp_load4(b + k * stride);
    even[k] = add_even(less, four);
    odd[k] = add_odd(less, four);
  }
  w[0] = bottoms(even[0], even[2]);
  w[1] = bottoms(even[1], even[3]);
  w[2] = bottoms(odd[0], odd[2]);
  w[3] = bottoms(odd[1], odd[3]);
  w[4] = tops(even[0], even[2]);
  w[5] = tops(even[1], even[3]);
  w[6] = tops(odd[0], odd[2]);
  w[7] = tops(odd[1], odd[3]);
}

/* The same where some of them are missing. */
static void widen_rest(const mote_matmul_s8s8 *p, const int8_t *b, int32_t depth, int32_t columns, uint32_t *w) {
  for (int32_t c = 0; c < COLUMNS; c++) {
    int32_t x[4] = {0, 0, 0, 0};
    for (int32_t k = 0; k < 4; k++) {
      if (c < columns && k < depth) x[k] = b[k * p->columns + c] - p->b_zero_point;
    }
    w[2 * c] = bottoms((uint32_t)x[0], (uint32_t)x[2]);
    w[2 * c + 1] = bottoms((uint32_t)x[1], (uint32_t)x[3]);
  }
}

static void widen(const mote_matmul_s8s8 *p, const int8_t *b, int32_t columns, uint32_t *w) {
  const uint32_t less = both(-p->b_zero_point);
  for (int32_t k = 0; k < p->depth; k += 4) {
    if (columns == COLUMNS && k + 4 <= p->depth) {
      widen_quad(b, p->columns, less, w);
    } else {
      widen_rest(p, b, p->depth - k, columns, w);
    }
    b += 4 * p->columns;
    w += QUAD_WORDS;
  }
}

typedef struct {
  int32_t sums[COLUMNS];
} four_sums;

static inline four_sums add_quad(four_sums s, uint32_t four, uint32_t less, const uint32_t *w) {
  const uint32_t even = add_even(less, four);
  const uint32_t odd = add_odd(less, four);
  for (int32_t c = 0; c < COLUMNS; c++) {
    s.sums[c] = mote_dsp_smlad(even, w[2 * c], s.sums[c]);
    s.sums[c] = mote_dsp_smlad(odd, w[2 * c + 1], s.sums[c]);
  }
  return s;
}

static void multiply(const mote_matmul_s8s8 *p, const int8_t *a, const uint32_t *b, int32_t columns, int8_t *output) {
  const uint32_t less = both(-p->a_zero_point);
  const int32_t left = p->depth & 3;
  for (int32_t r = 0; r < p->rows; r++) {
    four_sums s = {{0, 0, 0, 0}};
    const uint32_t *w = b;
    for (const int8_t *const end = a + (p->depth - left); a != end; a += 4) {
      s = add_quad(s, mote_dsp_load4(a), less, w);
      w += QUAD_WORDS;
    }
    if (left > 0) {
      uint32_t four = 0;
      for (int32_t k = 0; k < left; k++) four |= (uint32_t)(uint8_t)*a++ << (8 * k);
      s = add_quad(s, four, less, w);
    }
    for (int32_t c = 0; c < columns; c++) {
      output[c] = (int8_t)mote_requantize_to(s.sums[c], p->multiplier, p->shift, p->rounding, p->output_zero_point, -128,
                                             127);
    }
    output += p->columns;
  }
}

void mote_matmul_s8s8__dsp(const mote_matmul_s8s8 *p, const int8_t *a, const int8_t *b, int8_t *output,
                           void *scratch) {
  const int8_t *x = p->a_constant ? p->a_constant : a;
  const int8_t *matrix = p->b_constant ? p->b_constant : b;
  for (int32_t n = 0; n < p->batches; n++) {
    for (int32_t c = 0; c < p->columns; c += COLUMNS) {
      const int32_t columns = p->columns - c < COLUMNS ? p->columns - c : COLUMNS;
      widen(p, matrix + c, columns, scratch);
      multiply(p, x, scratch, columns, output + c);
    }
    x += p->a_batch_stride;
    matrix += p->b_batch_stride;
    output += p->rows * p->columns;
  }
}
