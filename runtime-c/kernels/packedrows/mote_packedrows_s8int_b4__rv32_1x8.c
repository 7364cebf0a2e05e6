/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer with int4 weights for RV32IM, eight channels at a time (packedrows.h). The third and fourth
 * input's codes are not shifted down: their inputs are shifted up, and the high word of the product is taken. */
#include "mote/packedrows_gather.h"
#include "mote/rv32_requantize.h"

enum { PAIRS = 4 };

/* Of the sums over all runs of a segment: all of each, and its upper half. */
typedef struct {
  uint32_t words[PAIRS];
  int32_t high[PAIRS];
} row_sums;

static inline uint32_t high_word(uint32_t a, int32_t b) { return (uint32_t)(((int64_t)a * b) >> 32); }

/* Two channels' sum and the products of four inputs. */
static inline uint32_t add_four(uint32_t sum, uint32_t codes, uint32_t x0, uint32_t x1, int32_t x2, int32_t x3) {
  sum += (codes & 0x000F000Fu) * x0;
  sum += (codes >> 4 & 0x000F000Fu) * x1;
  sum += high_word(codes & 0x0F000F00u, x2);
  return sum + high_word(codes & 0xF000F000u, x3);
}

static const int32_t *sum_segment(const int32_t *x, const int32_t *end, const int32_t *codes, row_sums *sums) {
  row_sums s = {{0}, {0}};
  while (x != end) {
    uint32_t a = 1u << 15;
    uint32_t b = a;
    uint32_t c = a;
    uint32_t d = a;
    const int32_t *const run = x + MOTE_ROWS_RUN;
    for (; x != run; x += 4) {
      const uint32_t x0 = (uint32_t)x[0];
      const uint32_t x1 = (uint32_t)x[1];
      const int32_t x2 = (int32_t)((uint32_t)x[2] << 24);
      const int32_t x3 = (int32_t)((uint32_t)x[3] << 20);
      a = add_four(a, (uint32_t)codes[0], x0, x1, x2, x3);
      b = add_four(b, (uint32_t)codes[1], x0, x1, x2, x3);
      c = add_four(c, (uint32_t)codes[2], x0, x1, x2, x3);
      d = add_four(d, (uint32_t)codes[3], x0, x1, x2, x3);
      codes += PAIRS;
    }
    s.words[0] += a;
    s.words[1] += b;
    s.words[2] += c;
    s.words[3] += d;
    s.high[0] += (int32_t)a >> 16;
    s.high[1] += (int32_t)b >> 16;
    s.high[2] += (int32_t)c >> 16;
    s.high[3] += (int32_t)d >> 16;
  }
  *sums = s;
  return codes;
}

/* Sums of four pairs; returns the words behind theirs. */
static const int32_t *sum_pairs(const mote_packedrows_s8int_b4 *p, const int32_t *x, const int32_t *codes,
                                const uint8_t *scales, int32_t acc[2 * PAIRS]) {
  const int32_t width = mote_rows_width(p);
  const int32_t *eight = x + width;
  for (int32_t at = 0; at < width; at += p->segment) {
    const int32_t count = width - at < p->segment ? width - at : p->segment;
    row_sums s;
    codes = sum_segment(x + at, x + at + count, codes, &s);
    for (int32_t i = 0; i < PAIRS; i++) {
      int32_t low = (int32_t)(s.words[i] - ((uint32_t)s.high[i] << 16)) - (count << (15 - 4)) - *eight;
      int32_t high = s.high[i] - *eight;
      if (scales) {
        low *= *scales++;
        high *= *scales++;
      }
      acc[2 * i] += low;
      acc[2 * i + 1] += high;
    }
    eight++;
  }
  return codes;
}

void mote_packedrows_s8int_b4__rv32_1x8(const mote_packedrows_s8int_b4 *p, const int8_t *input, int8_t *output,
                                        void *scratch) {
  const int32_t segments = (mote_rows_width(p) + p->segment - 1) / p->segment;
  const mote_rv32_output o = {p->signs, p->output_min, p->output_max};
  for (int32_t row = 0; row < p->rows; row++) {
    const int32_t *codes = p->codes;
    const uint8_t *scales = p->scales;
    const int32_t *scale = p->scale;
    mote_rows_gather(p, input, scratch);
    input += p->in_c;
    for (int32_t c = 0; c < p->out_c; c += 2 * PAIRS) {
      const int32_t channels = p->out_c - c < 2 * PAIRS ? p->out_c - c : 2 * PAIRS;
      int32_t acc[2 * PAIRS] = {0};
      codes = sum_pairs(p, scratch, codes, scales, acc);
      if (scales) scales += 2 * PAIRS * segments;
      for (int32_t i = 0; i < channels; i++) {
        *output++ = mote_rv32_finish(acc[i] + p->bias[c + i], scale, &o);
        scale += MOTE_RV32_CHANNEL;
      }
    }
  }
}
