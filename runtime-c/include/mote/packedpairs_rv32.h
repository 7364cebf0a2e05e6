/* SPDX-License-Identifier: Apache-2.0 */
/* packedpairs.h for RV32IM, four channels at a time. The file that includes this says MOTE_CODE_BITS, MOTE_CODES (of a
 * word), MOTE_PAIRS_BYTES (16 * (MOTE_CODES + 1), in quotes) and MOTE_PAIRS_BLOCK (the taps of four words). */
#include "mote/packedpairs_gather.h"
#include "mote/rv32_requantize.h"

enum { MOTE_TOGETHER = 4, MOTE_PAIRS = MOTE_TILE / 2 };

#ifdef __riscv
/* clang-format off */
#define MOTE_PAIRS_LOAD(A, B, C, D) \
  "lw a4, " A "(a0)\n\t" "lw a5, " B "(a0)\n\t" "lw a6, " C "(a0)\n\t" "lw a7, " D "(a0)\n\t"
#define MOTE_PAIRS_ADD(A, B, C, D) \
  "add " A ", " A ", a4\n\t" "add " B ", " B ", a5\n\t" "add " C ", " C ", a6\n\t" "add " D ", " D ", a7\n\t"
#define MOTE_PAIRS_PRODUCT(W, X, SUM) "mul a3, " W ", " X "\n\t" "add " SUM ", " SUM ", a3\n\t"
#define MOTE_PAIRS_CHANNEL(W, A, B, C, D) \
  MOTE_PAIRS_PRODUCT(W, "a4", A) MOTE_PAIRS_PRODUCT(W, "a5", B) MOTE_PAIRS_PRODUCT(W, "a6", C) \
  MOTE_PAIRS_PRODUCT(W, "a7", D)
/* Of the tap whose words are at A, B, C and D: four weights by four pairs. */
#define MOTE_PAIRS_FIRST(A, B, C, D) \
  MOTE_PAIRS_LOAD(A, B, C, D) MOTE_PAIRS_CHANNEL("t0", "s0", "s1", "s2", "s3") \
  MOTE_PAIRS_CHANNEL("t1", "s4", "s5", "s6", "s7") MOTE_PAIRS_CHANNEL("t2", "s8", "s9", "s10", "s11") \
  MOTE_PAIRS_CHANNEL("ra", "t3", "t4", "t5", "t6")
#define MOTE_PAIRS_SHIFT(BITS) \
  "srli t0, t0, " BITS "\n\t" "srli t1, t1, " BITS "\n\t" "srli t2, t2, " BITS "\n\t" "srli ra, ra, " BITS "\n\t"
#define MOTE_PAIRS_START(A, B, C, D) "mv " A ", a3\n\t" "mv " B ", a3\n\t" "mv " C ", a3\n\t" "mv " D ", a3\n\t"
#define MOTE_PAIRS_STORE(A, RA, B, RB, C, RC, D, RD) \
  "sw " RA ", " A "(a3)\n\t" "sw " RB ", " B "(a3)\n\t" "sw " RC ", " C "(a3)\n\t" "sw " RD ", " D "(a3)\n\t"

/* The sums of a run that ends where its words of codes end: four pairs of each channel. Returns the words of pixels behind
 * it. All 28 registers. */
static inline const uint32_t *mote_sum_run(const uint32_t *first, const int32_t *codes, const int32_t *last,
                                           uint32_t *sums) {
  register const uint32_t *x __asm__("a0") = first;
  register const int32_t *w __asm__("a1") = codes;
  register const int32_t *e __asm__("a2") = last;
  register uint32_t *all __asm__("a3") = sums;
  uint32_t *keep;
  __asm__ volatile(
      "sw a3, %[keep]\n\t"
      "lui a3, 8\n\t"
      MOTE_PAIRS_START("s0", "s1", "s2", "s3") MOTE_PAIRS_START("s4", "s5", "s6", "s7")
      MOTE_PAIRS_START("s8", "s9", "s10", "s11") MOTE_PAIRS_START("t3", "t4", "t5", "t6")
      "1:\n\t"
      "lw t0, 0(a1)\n\t" "lw t1, 4(a1)\n\t" "lw t2, 8(a1)\n\t" "lw ra, 12(a1)\n\t"
      MOTE_PAIRS_LOAD("0", "4", "8", "12")
      MOTE_PAIRS_ADD("s0", "s1", "s2", "s3") MOTE_PAIRS_ADD("s4", "s5", "s6", "s7")
      MOTE_PAIRS_ADD("s8", "s9", "s10", "s11") MOTE_PAIRS_ADD("t3", "t4", "t5", "t6")
      MOTE_PAIRS_BLOCK
      "addi a1, a1, 16\n\t" "addi a0, a0, " MOTE_PAIRS_BYTES "\n\t" "bne a1, a2, 1b\n\t"
      "lw a3, %[keep]\n\t"
      MOTE_PAIRS_STORE("0", "s0", "4", "s1", "8", "s2", "12", "s3")
      MOTE_PAIRS_STORE("16", "s4", "20", "s5", "24", "s6", "28", "s7")
      MOTE_PAIRS_STORE("32", "s8", "36", "s9", "40", "s10", "44", "s11")
      MOTE_PAIRS_STORE("48", "t3", "52", "t4", "56", "t5", "60", "t6")
      : "+r"(x), "+r"(w), "+r"(all), [keep] "=m"(keep)
      : "r"(e)
      : "memory", "ra", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4",
        "s5", "s6", "s7", "s8", "s9", "s10", "s11");
  return x;
}
/* clang-format on */
#else /* the same in C, for the host module */
static const uint32_t *mote_sum_run(const uint32_t *x, const int32_t *codes, const int32_t *end, uint32_t *sums) {
  for (int32_t i = 0; i < MOTE_TOGETHER * MOTE_PAIRS; i++) sums[i] = 1u << 15;
  for (; codes != end; codes += MOTE_TOGETHER) {
    for (int32_t i = 0; i < MOTE_TOGETHER * MOTE_PAIRS; i++) sums[i] += x[i % MOTE_PAIRS];
    x += MOTE_PAIRS;
    for (int32_t k = 0; k < MOTE_CODES; k++, x += MOTE_PAIRS)
      for (int32_t i = 0; i < MOTE_TOGETHER * MOTE_PAIRS; i++)
        sums[i] += ((uint32_t)codes[i / MOTE_PAIRS] >> (MOTE_CODE_BITS * k)) * x[i % MOTE_PAIRS];
  }
  return x;
}
#endif

/* The first run of a channel sets its totals, with the biases; the others add to them. */
static inline void mote_add_run(int32_t *totals, const uint32_t *sums, const uint8_t *scales, const int32_t *bias) {
  for (int32_t c = 0; c < MOTE_TOGETHER; c++, totals += MOTE_TILE, sums += MOTE_PAIRS) {
    const int32_t scale = scales[c];
    int32_t even = bias ? bias[2 * c + 1] : 0;
    int32_t odd = bias ? bias[2 * c] : 0;
    for (int32_t i = 0; i < MOTE_PAIRS; i++) {
      if (!bias) {
        even = totals[2 * i];
        odd = totals[2 * i + 1];
      }
      /* Of the words' sum what is left is the even pixel's. */
      const int32_t high = (int32_t)sums[i] >> 16;
      const uint32_t low = sums[i] - ((uint32_t)high << 16);
      totals[2 * i] = even + (int32_t)low * scale;
      totals[2 * i + 1] = odd + high * scale;
    }
  }
}

static inline void mote_finish_channels(const int32_t *totals, const int32_t *c, int32_t channels, int8_t *output,
                                        int32_t step, int32_t pixels, const mote_rv32_output *o) {
  for (; channels > 0; channels--) {
    int8_t *to = output++;
    for (int32_t i = 0; i < pixels; i++) {
      *to = mote_rv32_finish(totals[i], c, o);
      to += step;
    }
    totals += MOTE_TILE;
    c += MOTE_RV32_CHANNEL;
  }
}

static void mote_convolve(const mote_packedpairs *p, const int8_t *input, int8_t *output, void *scratch) {
  const mote_rv32_output o = {p->signs, p->output_min, p->output_max};
  uint32_t *const words = scratch;
  uint32_t *const end = words + p->blocks * (4 * (MOTE_CODES + 1));
  int8_t *const zeros = (int8_t *)end;
  if (p->padded) memset(zeros, p->input_zero_point, (size_t)p->in_c);
  int32_t y = 0;
  int32_t x = 0;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= MOTE_TILE) {
    const int32_t pixels = left < MOTE_TILE ? left : MOTE_TILE;
    const int32_t *codes = p->codes;
    const uint8_t *runs = p->runs;
    const int32_t *bias = p->bias;
    const int32_t *scale = p->scale;
    mote_corners at;
    mote_place_tile(p, &y, &x, left, &at);
    mote_gather_tile(p, MOTE_CODE_BITS, MOTE_CODES, input, zeros, &at, pixels, words);
    for (int32_t c = 0; c < p->out_c; c += MOTE_TOGETHER) {
      uint32_t sums[MOTE_TOGETHER * MOTE_PAIRS];
      int32_t totals[MOTE_TOGETHER * MOTE_TILE];
      for (const uint32_t *from = words; from != end; runs += 1 + MOTE_TOGETHER) {
        const int32_t *const last = codes + MOTE_TOGETHER * runs[0];
        const int first = from == words;
        from = mote_sum_run(from, codes, last, sums);
        mote_add_run(totals, sums, runs + 1, first ? bias : 0);
        codes = last;
      }
      const int32_t channels = p->out_c - c < MOTE_TOGETHER ? p->out_c - c : MOTE_TOGETHER;
      for (int32_t i = 0; p->outlier_starts && i < channels; i++)
        mote_add_outliers(p, words, MOTE_CODE_BITS, MOTE_CODES, c + i, totals + MOTE_TILE * i);
      mote_finish_channels(totals, scale, channels, output + c, p->out_c, pixels, &o);
      bias += 2 * MOTE_TOGETHER;
      scale += MOTE_TOGETHER * MOTE_RV32_CHANNEL;
    }
    output += pixels * p->out_c;
  }
}
