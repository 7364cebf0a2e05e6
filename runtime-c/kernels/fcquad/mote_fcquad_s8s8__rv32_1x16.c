/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer for RV32IM, 16 channels at a time, two of them (a and b) to a register.
 *
 * Of a word u, E = u & 0x00FF00FF holds u_a + 65536 u_b for one input and u - E, which is 256 times that, for the next:
 * a multiply by x << 24 that keeps the high word takes the 256 out. Over the four inputs of a group
 *   S = sum of (u_a + 65536 u_b) x - 65537 (128 sum of x - 2^15) = (w_a.x + 2^15) + 65536 (w_b.x + 2^15),
 * both halves in [0, 65535] as |w.x| <= 255 * 128. Sums of S (mod 2^32) and of S >> 16 give both results at the end; the
 * packer took the 2^15 of all groups from the biases. */
#include "mote/fcquad.h"
#include "mote/fcrow.h"

enum { TILE = 16 };

#ifdef __riscv
/* clang-format off */
#define HALVES(WORD, E, O) \
  "lw t1, " WORD "(a1)\n\t" "and t2, t1, a3\n\t" "sub t1, t1, t2\n\t" \
  "mul t2, t2, " E "\n\t" "mulhsu t1, " O ", t1\n\t"
#define PAIR(W0, W1, R, H) \
  HALVES(W0, "a4", "a5") "add ra, t1, t2\n\t" \
  HALVES(W1, "a6", "a7") "add ra, ra, t1\n\t" "sub t2, t2, t0\n\t" "add ra, ra, t2\n\t" \
  "add " R ", " R ", ra\n\t" "srli ra, ra, 16\n\t" "add " H ", " H ", ra\n\t"
#define MOVE(OP, A, RA, B, RB, C, RC, D, RD) \
  OP " " RA ", " A "(t0)\n\t" OP " " RB ", " B "(t0)\n\t" OP " " RC ", " C "(t0)\n\t" OP " " RD ", " D "(t0)\n\t"
#define MOVE_ALL(OP) \
  MOVE(OP, "0", "s0", "4", "s1", "8", "s2", "12", "s3") MOVE(OP, "16", "s4", "20", "s5", "24", "s6", "28", "s7") \
  MOVE(OP, "32", "s8", "36", "s9", "40", "s10", "44", "s11") MOVE(OP, "48", "t3", "52", "t4", "56", "t5", "60", "t6")

/* Adds the groups that begin at x, x + 4, ... before end (one or more) to 8 pairs of sums; returns the words behind
 * theirs. All 28 registers. */
static inline const int32_t *groups(const int8_t *first, const int8_t *last, const int32_t *words, uint32_t *sums) {
  register const int8_t *x __asm__("a0") = first;
  register const int32_t *w __asm__("a1") = words;
  register const int8_t *e __asm__("a2") = last;
  register uint32_t mask __asm__("a3") = 0x00FF00FFu;
  register uint32_t *all __asm__("t0") = sums;
  uint32_t *keep;
  __asm__ volatile(
      "sw t0, %[keep]\n\t"
      MOVE_ALL("lw")
      "1:\n\t"
      "lb a4, 0(a0)\n\t" "lb a5, 1(a0)\n\t" "lb a6, 2(a0)\n\t" "lb a7, 3(a0)\n\t"
      "add t0, a4, a5\n\t" "add t1, a6, a7\n\t" "slli a5, a5, 24\n\t" "slli a7, a7, 24\n\t"
      "add t0, t0, t1\n\t" "addi t0, t0, -256\n\t" "slli t1, t0, 23\n\t" "slli t0, t0, 7\n\t" "add t0, t0, t1\n\t"
      PAIR("0", "4", "s0", "s1") PAIR("8", "12", "s2", "s3") PAIR("16", "20", "s4", "s5") PAIR("24", "28", "s6", "s7")
      PAIR("32", "36", "s8", "s9") PAIR("40", "44", "s10", "s11") PAIR("48", "52", "t3", "t4")
      PAIR("56", "60", "t5", "t6")
      "addi a0, a0, 4\n\t" "addi a1, a1, 64\n\t" "bne a0, a2, 1b\n\t"
      "lw t0, %[keep]\n\t"
      MOVE_ALL("sw")
      : "+r"(x), "+r"(w), "+r"(all), [keep] "=m"(keep)
      : "r"(e), "r"(mask)
      : "memory", "ra", "a4", "a5", "a6", "a7", "t1", "t2", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4", "s5",
        "s6", "s7", "s8", "s9", "s10", "s11");
  return w;
}
/* clang-format on */
#else
/* The same in C, for the host module. */
static const int32_t *groups(const int8_t *x, const int8_t *end, const int32_t *w, uint32_t *sums) {
  for (; x != end; x += 4) {
    for (int32_t c = 0; c < TILE; c += 2, w += 2) {
      int32_t a = 32768;
      int32_t b = 32768;
      for (int32_t i = 0; i < 4; i++) {
        const uint32_t word = (uint32_t)w[i >> 1] >> (8 * (i & 1));
        a += ((int32_t)(word & 255u) - 128) * x[i];
        b += ((int32_t)(word >> 16 & 255u) - 128) * x[i];
      }
      sums[c] += (uint32_t)a + ((uint32_t)b << 16);
      sums[c + 1] += (uint32_t)b;
    }
  }
  return w;
}
#endif

void mote_fcquad_s8s8__rv32_1x16(const mote_fcquad_s8s8 *p, const int8_t *input, int8_t *output) {
  const mote_rv32_output o = p->output;
  uint32_t sums[TILE];
  for (int32_t row = 0; row < p->rows; row++) {
    const int32_t *w = p->tiles;
    const int16_t *range = p->ranges;
    const int32_t *c = p->channels;
    int32_t left = p->out_c;
    for (; left >= TILE; left -= TILE) {
      for (int32_t i = 0; i < TILE; i += 2) {
        const uint32_t high = (uint32_t)c[(i + 1) * MOTE_RV32_CHANNEL];
        sums[i] = (uint32_t)c[i * MOTE_RV32_CHANNEL] + (high << 16);
        sums[i + 1] = high;
      }
      for (; range[1] != 0; range += 2) w = groups(input + range[0], input + range[1], w, sums);
      range += 2;
      for (int32_t i = 0; i < TILE; i += 2) {
        const uint32_t high = sums[i + 1];
        output[0] = mote_rv32_finish((int32_t)(sums[i] - (high << 16)), c, &o);
        output[1] = mote_rv32_finish((int32_t)high, c + MOTE_RV32_CHANNEL, &o);
        output += 2;
        c += 2 * MOTE_RV32_CHANNEL;
      }
    }
    const int8_t *v = p->rest;
    for (; left > 0; left--) {
      *output++ = mote_rv32_finish(mote_fcrow_dot(input, v, p->in_c, c[0]), c, &o);
      v += p->in_c;
      c += MOTE_RV32_CHANNEL;
    }
    input += p->in_c;
  }
}
