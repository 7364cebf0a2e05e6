/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 fully connected layer for RV32IM: 16 sums in registers, so that one product costs a load of its weight, a
 * multiply, an addition, and a sixteenth of the load of its input. */
#include "mote/fcblock.h"
#include "mote/fcblock_drive.h"

enum { TILE = 16 };

#ifdef __riscv
/* clang-format off */
#define SUM(R, W) "lb a5, " W "(a1)\n\t" "mul a5, a5, a4\n\t" "add " R ", " R ", a5\n\t"
#define INPUT(X, W0, W1, W2, W3, W4, W5, W6, W7, W8, W9, W10, W11, W12, W13, W14, W15) \
  "lh a4, " X "(a0)\n\t" \
  SUM("s0", W0) SUM("s1", W1) SUM("s2", W2) SUM("s3", W3) SUM("s4", W4) SUM("s5", W5) SUM("s6", W6) SUM("s7", W7) \
  SUM("s8", W8) SUM("s9", W9) SUM("s10", W10) SUM("s11", W11) SUM("t3", W12) SUM("t4", W13) SUM("t5", W14) SUM("t6", W15)
#define ZERO(A, B, C, D) "li " A ", 0\n\t" "li " B ", 0\n\t" "li " C ", 0\n\t" "li " D ", 0\n\t"
#define STORE(A, RA, B, RB, C, RC, D, RD) \
  "sw " RA ", " A "(a3)\n\t" "sw " RB ", " B "(a3)\n\t" "sw " RC ", " C "(a3)\n\t" "sw " RD ", " D "(a3)\n\t"

/* Sums of 16 channels over n inputs. In assembly, for a compiler spills half of them. */
static inline void tile(const int16_t *first, const int8_t *weights, int32_t n, int32_t *sum) {
  register const int16_t *x __asm__("a0") = first;
  register const int8_t *w __asm__("a1") = weights;
  register const int16_t *e __asm__("a2") = first + n;
  register int32_t *to __asm__("a3") = sum;
  register const int16_t *fours __asm__("t0") = first + (n & ~3);
  __asm__ volatile(
      ZERO("s0", "s1", "s2", "s3") ZERO("s4", "s5", "s6", "s7") ZERO("s8", "s9", "s10", "s11") ZERO("t3", "t4", "t5", "t6")
      "beq a0, t0, 2f\n"
      "1:\n\t"
      INPUT("0", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15")
      INPUT("2", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31")
      INPUT("4", "32", "33", "34", "35", "36", "37", "38", "39", "40", "41", "42", "43", "44", "45", "46", "47")
      INPUT("6", "48", "49", "50", "51", "52", "53", "54", "55", "56", "57", "58", "59", "60", "61", "62", "63")
      "addi a0, a0, 8\n\t" "addi a1, a1, 64\n\t" "bne a0, t0, 1b\n"
      "2:\n\t"
      "beq a0, a2, 4f\n"
      "3:\n\t"
      INPUT("0", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15")
      "addi a0, a0, 2\n\t" "addi a1, a1, 16\n\t" "bne a0, a2, 3b\n"
      "4:\n\t"
      STORE("0", "s0", "4", "s1", "8", "s2", "12", "s3") STORE("16", "s4", "20", "s5", "24", "s6", "28", "s7")
      STORE("32", "s8", "36", "s9", "40", "s10", "44", "s11") STORE("48", "t3", "52", "t4", "56", "t5", "60", "t6")
      : "+r"(x), "+r"(w)
      : "r"(e), "r"(to), "r"(fours)
      : "memory", "a4", "a5", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10",
        "s11");
}
/* clang-format on */
#else
/* The same in C, for the host module. */
static void tile(const int16_t *x, const int8_t *w, int32_t n, int32_t *sum) {
  for (int32_t c = 0; c < TILE; c++) sum[c] = 0;
  for (int32_t i = 0; i < n; i++) {
    for (int32_t c = 0; c < TILE; c++) sum[c] = (int32_t)((uint32_t)sum[c] + (uint32_t)(x[i] * *w++));
  }
}
#endif

static inline int32_t single(const int16_t *x, const int8_t *w, int32_t n) {
  uint32_t sum = 0;
  for (; n >= 4; n -= 4, x += 4, w += 4)
    sum += (uint32_t)(x[0] * w[0]) + (uint32_t)(x[1] * w[1]) + (uint32_t)(x[2] * w[2]) + (uint32_t)(x[3] * w[3]);
  for (; n > 0; n--) sum += (uint32_t)(*x++ * *w++);
  return (int32_t)sum;
}

/* `count` outputs: 16 or 1. */
static void block(const mote_fcblock_s16s8 *p, const int8_t *w, const int32_t *q, const int16_t *input, int16_t *output,
                  int32_t count) {
  int32_t sums[TILE];
  int32_t low[TILE];
  int64_t wide[TILE];
  for (int32_t from = 0; from < p->in_c; from += p->slice) {
    const int32_t n = p->in_c - from < p->slice ? p->in_c - from : p->slice;
    if (count == TILE) tile(input, w, n, sums);
    else sums[0] = single(input, w, n);
    add_totals(p->output.mode, low, wide, sums, count, from == 0);
    input += n;
    w += count * n;
  }
  finish_channels(&p->output, q, low, wide, count, output);
}

void mote_fcblock_s16s8__rv32_1x16(const mote_fcblock_s16s8 *p, const int16_t *input, int16_t *output) {
  for (int32_t row = 0; row < p->rows; row++) {
    const int8_t *w = p->weights;
    const int32_t *q = p->channels;
    for (int32_t left = p->out_c; left > 0;) {
      const int32_t count = left >= TILE ? TILE : 1;
      block(p, w, q, input, output, count);
      output += count;
      w += count * p->in_c;
      q += count * MOTE_BLOCK_CHANNEL;
      left -= count;
    }
    input += p->in_c;
  }
}
