/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's F(2x2, 3x3) for RV32IM, four tiles by four channels: 40 instructions for 16 products. */
#include "mote/winograd.h"

#include <string.h>

#define MOTE_WINOGRAD_VALUE int16_t
#include "mote/winograd_tiles.h"

enum { TILES = MOTE_WINOGRAD_TILES, BLOCK = 4 * TILES, TRANSFORMED = 16 * TILES };

/* Column sums of four tiles by four channels: [channel][tile]. */
typedef struct {
  int32_t of[BLOCK];
} sums;

#ifdef __riscv
/* clang-format off */
#define LOAD(A, B, C, D, R0, R1, R2, R3) \
  "lw " R0 ", " A "(a3)\n\t" "lw " R1 ", " B "(a3)\n\t" "lw " R2 ", " C "(a3)\n\t" "lw " R3 ", " D "(a3)\n\t"
#define STORE(A, B, C, D, R0, R1, R2, R3) \
  "sw " R0 ", " A "(a4)\n\t" "sw " R1 ", " B "(a4)\n\t" "sw " R2 ", " C "(a4)\n\t" "sw " R3 ", " D "(a4)\n\t"
#define TILES4(X0, X1, X2, X3) \
  "lh a3, " X0 "(a0)\n\t" "lh a5, " X1 "(a0)\n\t" "lh a6, " X2 "(a0)\n\t" "lh a7, " X3 "(a0)\n\t"
#define CHANNEL(W, R0, R1, R2, R3) \
  "lh t0, " W "(a1)\n\t" "mul t1, t0, a3\n\t" "mul t2, t0, a5\n\t" "add " R0 ", " R0 ", t1\n\t" \
  "mul t1, t0, a6\n\t" "mul t0, t0, a7\n\t" "add " R1 ", " R1 ", t2\n\t" "add " R2 ", " R2 ", t1\n\t" \
  "add " R3 ", " R3 ", t0\n\t"
#define EACH4(WHAT, A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P) \
  WHAT(A, B, C, D, "s0", "s1", "s2", "s3") WHAT(E, F, G, H, "s4", "s5", "s6", "s7") \
  WHAT(I, J, K, L, "s8", "s9", "s10", "s11") WHAT(M, N, O, P, "t3", "t4", "t5", "t6")

/* Adds one position's products over all input channels (a multiple of 2) to `from`. The tiles of a channel lie
 * TRANSFORMED apart. In assembly, for compilers spill. */
__attribute__((noinline)) static void add_position(const int16_t *tiles, const int16_t *weights, int32_t in_c,
                                                   const sums *from, sums *to) {
  register const int16_t *x __asm__("a0") = tiles;
  register const int16_t *w __asm__("a1") = weights;
  register const int16_t *end __asm__("a2") = tiles + TRANSFORMED * in_c;
  register const sums *f __asm__("a3") = from;
  register sums *t __asm__("a4") = to;
  __asm__ volatile(
      EACH4(LOAD, "0", "4", "8", "12", "16", "20", "24", "28", "32", "36", "40", "44", "48", "52", "56", "60")
      "1:\n\t"
      TILES4("0", "2", "4", "6")
      CHANNEL("0", "s0", "s1", "s2", "s3") CHANNEL("2", "s4", "s5", "s6", "s7")
      CHANNEL("4", "s8", "s9", "s10", "s11") CHANNEL("6", "t3", "t4", "t5", "t6")
      TILES4("128", "130", "132", "134")
      CHANNEL("8", "s0", "s1", "s2", "s3") CHANNEL("10", "s4", "s5", "s6", "s7")
      CHANNEL("12", "s8", "s9", "s10", "s11") CHANNEL("14", "t3", "t4", "t5", "t6")
      "addi a0, a0, 256\n\t" "addi a1, a1, 16\n\t" "bne a0, a2, 1b\n\t"
      EACH4(STORE, "0", "4", "8", "12", "16", "20", "24", "28", "32", "36", "40", "44", "48", "52", "56", "60")
      : "+r"(x), "+r"(w), "+r"(f)
      : "r"(end), "r"(t)
      : "memory", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4", "s5", "s6",
        "s7", "s8", "s9", "s10", "s11");
}
/* clang-format on */
#else
/* The same in C, for the host module. */
static void add_position(const int16_t *x, const int16_t *w, int32_t in_c, const sums *from, sums *to) {
  sums made = *from;
  for (int32_t i = 0; i < in_c; i++) {
    for (int32_t k = 0; k < BLOCK; k++) made.of[k] += w[4 * i + k / TILES] * x[TRANSFORMED * i + k % TILES];
  }
  *to = made;
}
#endif

/* The two transformed sums of a column: M1 + M2 + M0 and M1 - M2 - M3. */
typedef struct {
  sums row[2];
} column_sums;

/* All four positions of a column. `q` comes with the biases or zeros. */
static const int16_t *add_column(const int16_t *x, const int16_t *w, int32_t in_c, sums *q, column_sums *to) {
  sums q2;
  const int32_t step = 4 * in_c;
  add_position(x, w, in_c, q, q);
  add_position(x + TILES, w + step, in_c, q, &q2);
  add_position(x + 2 * TILES, w + 2 * step, in_c, &q2, &to->row[0]);
  for (int32_t i = 0; i < BLOCK; i++) q->of[i] = 2 * q->of[i] - q2.of[i];
  add_position(x + 3 * TILES, w + 3 * step, in_c, q, &to->row[1]);
  return w + 4 * step;
}

/* Where a group's outputs go: `rows` by `columns` are there. */
typedef struct {
  int32_t rows, columns, row_bytes, pixel_bytes;
  int8_t *to;
} place;

/* One channel's outputs of all tiles from the sums of columns v = 1, 0, 2, 3. */
static inline void finish(const column_sums *at, int32_t channel, const int32_t *constants,
                          const mote_rv32_output *output, const place *g) {
  const int32_t m = constants[1];
  const int32_t r = constants[2];
  const int32_t s = constants[3];
  const mote_rv32_output o = *output;
  for (int32_t y = 0; y < g->rows; y++) {
    int8_t *to = g->to + y * g->row_bytes + channel;
    const int32_t *sum = &at[0].row[y].of[channel * TILES];
    enum { STEP = 2 * BLOCK };
    for (int32_t x = 0; x < g->columns; x += 2, sum++) {
      const int32_t y0 = sum[STEP] + sum[0] + sum[2 * STEP];
      *to = mote_rv32_round(mote_rv32_high(y0, m), r, s, &o);
      to += g->pixel_bytes;
      if (x + 1 == g->columns) break;
      const int32_t y1 = sum[0] - sum[2 * STEP] - sum[3 * STEP];
      *to = mote_rv32_round(mote_rv32_high(y1, m), r, s, &o);
      to += g->pixel_bytes;
    }
  }
}

/* Four channels (less at the end) of all tiles. */
static const int16_t *four_channels(const mote_winograd_s8s8 *p, const int16_t *x, const int16_t *w,
                                    const int32_t *constants, int32_t channels, const place *g) {
  column_sums made[4];
  sums q;
  for (int32_t i = 0; i < BLOCK; i++) q.of[i] = constants[i / TILES * MOTE_RV32_CHANNEL];
  for (int32_t v = 0; v < 4; v++) {
    w = add_column(x + v * 4 * TILES, w, p->in_c, &q, &made[v]);
    for (int32_t i = 0; i < BLOCK; i++) q.of[i] = 0;
  }
  for (int32_t c = 0; c < channels; c++) finish(made, c, constants + c * MOTE_RV32_CHANNEL, &p->output, g);
  return w;
}

void mote_winograd_s8s8__rv32_4x4(const mote_winograd_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  int16_t *const tiles = (int16_t *)scratch;
  int8_t *const zeros = (int8_t *)(tiles + TRANSFORMED * p->in_c);
  const int32_t out_c = p->out_c;
  const mote_winograd_image image = {p->in_h, p->in_w, p->in_c};
  const mote_winograd_steps steps = {TILES, TRANSFORMED};
  const int8_t *at[4 * MOTE_WINOGRAD_COLUMNS];
  memset(zeros, p->input_zero_point, (size_t)p->in_c);
  for (int32_t y = 0; y < p->out_h; y += 2) {
    for (int32_t x = 0; x < p->out_w; x += 2 * TILES) {
      place g = {p->out_h - y < 2 ? p->out_h - y : 2, p->out_w - x < 2 * TILES ? p->out_w - x : 2 * TILES,
                 p->out_w * out_c, out_c, output + (y * p->out_w + x) * out_c};
      mote_winograd_pixels(&image, input, zeros, y - p->pad_top, x - p->pad_left, at);
      mote_winograd_transform(at, p->in_c, tiles, steps);
      const int16_t *w = p->weights;
      for (int32_t c = 0; c < out_c; c += 4, g.to += 4)
        w = four_channels(p, tiles, w, p->channels + c * MOTE_RV32_CHANNEL, out_c - c < 4 ? out_c - c : 4, &g);
    }
  }
}
