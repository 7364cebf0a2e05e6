/* SPDX-License-Identifier: Apache-2.0 */
/* convblock_drive.h on RV32IM: 16 sums of 4 channels by 4 pixels in registers. A tap costs 4 loads of inputs and, for
 * each channel, a load of its weight, 4 multiplies and 4 additions: 2.5 instructions a product. */
#ifndef MOTE_CONVBLOCK_RV32_H
#define MOTE_CONVBLOCK_RV32_H

#include <stdint.h>

typedef int16_t mote_block_word;
#define MOTE_SUMS_HAVE_QUARTER
enum { MOTE_BLOCK_HEAD = 0 };

/* Taps go by two: the one that an odd slice lacks is 0. */
static inline void begin_slice(mote_block_word *words, int32_t taps, const int32_t *window_sums) {
  (void)window_sums;
  if (taps & 1) {
    for (int32_t k = 0; k < 4; k++) words[4 * taps + k] = 0;
  }
}

#ifdef __riscv
/* clang-format off */
#define ZERO(A, B, C, D) "li " A ", 0\n\t" "li " B ", 0\n\t" "li " C ", 0\n\t" "li " D ", 0\n\t"
#define LOAD(X0, X1, X2, X3) \
  "lh a4, " X0 "(a0)\n\t" "lh a5, " X1 "(a0)\n\t" "lh a6, " X2 "(a0)\n\t" "lh a7, " X3 "(a0)\n\t"
#define CHANNEL(W, A, B, C, D) \
  "lb t0, " W "(a1)\n\t" "mul t1, t0, a4\n\t" "mul t2, t0, a5\n\t" "mul ra, t0, a6\n\t" "mul t0, t0, a7\n\t" \
  "add " A ", " A ", t1\n\t" "add " B ", " B ", t2\n\t" "add " C ", " C ", ra\n\t" "add " D ", " D ", t0\n\t"
#define STORE(A, RA, B, RB, C, RC, D, RD) \
  "sw " RA ", " A "(a3)\n\t" "sw " RB ", " B "(a3)\n\t" "sw " RC ", " C "(a3)\n\t" "sw " RD ", " D "(a3)\n\t"

/* In assembly, for a compiler spills sums. */
static inline const uint8_t *block_sums(const mote_block_word *words, int32_t taps, const uint8_t *weights,
                                        int32_t channels, int32_t *sums) {
  register const mote_block_word *x __asm__("a0") = words;
  register const uint8_t *w __asm__("a1") = weights;
  register const mote_block_word *e __asm__("a2") = words + 4 * ((taps + 1) & ~1);
  register int32_t *to __asm__("a3") = sums;
  (void)channels;
  __asm__ volatile(
      ZERO("s0", "s1", "s2", "s3") ZERO("s4", "s5", "s6", "s7") ZERO("s8", "s9", "s10", "s11") ZERO("t3", "t4", "t5", "t6")
      "1:\n\t"
      LOAD("0", "2", "4", "6")
      CHANNEL("0", "s0", "s1", "s2", "s3") CHANNEL("1", "s4", "s5", "s6", "s7")
      CHANNEL("2", "s8", "s9", "s10", "s11") CHANNEL("3", "t3", "t4", "t5", "t6")
      LOAD("8", "10", "12", "14")
      CHANNEL("4", "s0", "s1", "s2", "s3") CHANNEL("5", "s4", "s5", "s6", "s7")
      CHANNEL("6", "s8", "s9", "s10", "s11") CHANNEL("7", "t3", "t4", "t5", "t6")
      "addi a0, a0, 16\n\t" "addi a1, a1, 8\n\t" "bne a0, a2, 1b\n\t"
      STORE("0", "s0", "4", "s1", "8", "s2", "12", "s3") STORE("16", "s4", "20", "s5", "24", "s6", "28", "s7")
      STORE("32", "s8", "36", "s9", "40", "s10", "44", "s11") STORE("48", "t3", "52", "t4", "56", "t5", "60", "t6")
      : "+r"(x), "+r"(w)
      : "r"(e), "r"(to)
      : "memory", "ra", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4",
        "s5", "s6", "s7", "s8", "s9", "s10", "s11");
  return w;
}
/* clang-format on */
#else
/* The same in C, for the host module. */
static const uint8_t *block_sums(const mote_block_word *words, int32_t taps, const uint8_t *weights, int32_t channels,
                                 int32_t *sums) {
  (void)channels;
  for (int32_t i = 0; i < 16; i++) sums[i] = 0;
  for (int32_t t = 0; t < ((taps + 1) & ~1); t++) {
    for (int32_t i = 0; i < 16; i++) {
      const int32_t w = (int8_t)weights[4 * t + (i >> 2)];
      sums[i] = (int32_t)((uint32_t)sums[i] + (uint32_t)(w * words[4 * t + (i & 3)]));
    }
  }
  return weights + 4 * ((taps + 1) & ~1);
}
#endif

#endif
