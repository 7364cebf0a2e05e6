/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer for RV32IM: 16 sums in registers, so that one product costs a load of its weight, a multiply,
 * an addition, and a sixteenth of the load of its input. */
#include "mote/fctile.h"
#include "mote/fcrow.h"

#ifdef __riscv
/* clang-format off */
#define SUM(R, W) "lb a5, " W "(a1)\n\t" "mul a5, a5, a4\n\t" "add " R ", " R ", a5\n\t"
#define INPUT(X, W0, W1, W2, W3, W4, W5, W6, W7, W8, W9, W10, W11, W12, W13, W14, W15) \
  "lb a4, " X "(a0)\n\t" \
  SUM("s0", W0) SUM("s1", W1) SUM("s2", W2) SUM("s3", W3) SUM("s4", W4) SUM("s5", W5) SUM("s6", W6) SUM("s7", W7) \
  SUM("s8", W8) SUM("s9", W9) SUM("s10", W10) SUM("s11", W11) SUM("t3", W12) SUM("t4", W13) SUM("t5", W14) SUM("t6", W15)
#define BIAS(RA, A, RB, B, RC, C, RD, D) \
  "lw " RA ", " A "(a6)\n\t" "lw " RB ", " B "(a6)\n\t" "lw " RC ", " C "(a6)\n\t" "lw " RD ", " D "(a6)\n\t"
#define STORE(A, RA, B, RB, C, RC, D, RD) \
  "sw " RA ", " A "(a3)\n\t" "sw " RB ", " B "(a3)\n\t" "sw " RC ", " C "(a3)\n\t" "sw " RD ", " D "(a3)\n\t"

/* Sums of 16 channels with their biases over n >= 1 inputs, to sum[0..15]. In assembly, for a compiler spills half of the sums. */
static inline void tile(const int8_t *first, const int8_t *weights, int32_t n, const int32_t *channels, int32_t *sum) {
  register const int8_t *x __asm__("a0") = first;
  register const int8_t *w __asm__("a1") = weights;
  register const int8_t *e __asm__("a2") = first + n;
  register int32_t *to __asm__("a3") = sum;
  register const int8_t *fours __asm__("t0") = first + (n & ~3);
  register const int32_t *c __asm__("a6") = channels;
  __asm__ volatile(
      BIAS("s0", "0", "s1", "16", "s2", "32", "s3", "48") BIAS("s4", "64", "s5", "80", "s6", "96", "s7", "112")
      BIAS("s8", "128", "s9", "144", "s10", "160", "s11", "176") BIAS("t3", "192", "t4", "208", "t5", "224", "t6", "240")
      "beq a0, t0, 2f\n"
      "1:\n\t"
      INPUT("0", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15")
      INPUT("1", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31")
      INPUT("2", "32", "33", "34", "35", "36", "37", "38", "39", "40", "41", "42", "43", "44", "45", "46", "47")
      INPUT("3", "48", "49", "50", "51", "52", "53", "54", "55", "56", "57", "58", "59", "60", "61", "62", "63")
      "addi a0, a0, 4\n\t" "addi a1, a1, 64\n\t" "bne a0, t0, 1b\n"
      "2:\n\t"
      "beq a0, a2, 4f\n"
      "3:\n\t"
      INPUT("0", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15")
      "addi a0, a0, 1\n\t" "addi a1, a1, 16\n\t" "bne a0, a2, 3b\n"
      "4:\n\t"
      STORE("0", "s0", "4", "s1", "8", "s2", "12", "s3") STORE("16", "s4", "20", "s5", "24", "s6", "28", "s7")
      STORE("32", "s8", "36", "s9", "40", "s10", "44", "s11") STORE("48", "t3", "52", "t4", "56", "t5", "60", "t6")
      : "+r"(x), "+r"(w)
      : "r"(e), "r"(to), "r"(fours), "r"(c)
      : "memory", "a4", "a5", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10",
        "s11");
}
/* clang-format on */
#else
/* The same in C, for the host module. */
static void tile(const int8_t *x, const int8_t *w, int32_t n, const int32_t *channels, int32_t *sum) {
  for (int32_t c = 0; c < 16; c++) sum[c] = channels[c * MOTE_RV32_CHANNEL];
  for (int32_t i = 0; i < n; i++) {
    for (int32_t c = 0; c < 16; c++) sum[c] += x[i] * *w++;
  }
}
#endif

void mote_fctile_s8s8__rv32_1x16(const mote_fctile_s8s8 *p, const int8_t *input, int8_t *output) {
  const mote_rv32_output o = p->output;
  int32_t sum[16];
  for (int32_t row = 0; row < p->rows; row++) {
    const int8_t *w = p->weights;
    const int32_t *c = p->channels;
    for (int32_t left = p->out_c; left > 0;) {
      const int32_t count = left >= 16 ? 16 : 1;
      if (count == 16) tile(input, w, p->in_c, c, sum);
      else sum[0] = mote_fcrow_dot(input, w, p->in_c, c[0]);
      for (int32_t i = 0; i < count; i++) {
        *output++ = mote_rv32_finish(sum[i], c, &o);
        c += MOTE_RV32_CHANNEL;
      }
      w += count * p->in_c;
      left -= count;
    }
    input += p->in_c;
  }
}
