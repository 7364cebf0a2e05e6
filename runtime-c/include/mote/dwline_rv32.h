/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of dwline.h for RV32IM. The 9 weights of a channel stay in registers and a column of 3 inputs is loaded once:
 * it ends one sum, continues the next and begins the one after that. */
#ifndef MOTE_DWLINE_RV32_H
#define MOTE_DWLINE_RV32_H

#include "mote/dwline.h"

/* What some lines of one channel need; the assembly knows the places. Sums, weights and biases are 4 times as large as
 * in the model, which saves a shift in the requantization (rv32_requantize.h). */
typedef struct {
  int32_t lines;     /* 0: counted down */
  int32_t has_left;  /* 4 */
  int32_t left;      /* 8: what the first sum begins with */
  int32_t has_right; /* 12 */
  int32_t right;     /* 16: what outside taps add to the last sum */
  int32_t tie;       /* 20: 2 or 0 */
  int32_t in_next;   /* 24: from the end of a line to the next one */
  int32_t out_next;  /* 28 */
  int32_t in_line;   /* 32 */
  const int8_t *end; /* 36: input behind the first line's last whole output */
  int32_t bias;      /* 40 */
  int32_t multiplier, constant, shift, min, max; /* 44 .. 60 */
  const int8_t *weights;                         /* 64 */
} lines;

#ifdef __riscv
/* clang-format off */
#define TO(ACC, W) "mul t1, t0, " W "\n\t" "add " ACC ", " ACC ", t1\n\t"
#define NEW(ACC, W) "mul " ACC ", t0, " W "\n\t" "add " ACC ", " ACC ", t6\n\t"
#define FIRST "lb t0, 0(a0)\n\t"
#define SECOND "add t2, a0, a1\n\t" "lb t0, 0(t2)\n\t"
#define THIRD "add t2, t2, a1\n\t" "lb t0, 0(t2)\n\t" "add a0, a0, a2\n\t"
#define FINISH(ACC) \
  "mulh " ACC ", " ACC ", a5\n\t" "bgez " ACC ", 7f\n\t" "lw t1, 20(t5)\n\t" "sub " ACC ", " ACC ", t1\n" \
  "7:\n\t" "add " ACC ", " ACC ", a6\n\t" "sra " ACC ", " ACC ", a7\n\t" \
  "bge " ACC ", t3, 8f\n\t" "mv " ACC ", t3\n" \
  "8:\n\t" "bge t4, " ACC ", 9f\n\t" "mv " ACC ", t4\n" \
  "9:\n\t" "sb " ACC ", 0(a3)\n\t" "add a3, a3, a4\n\t"
#define COLUMN(A, B, C) \
  FIRST TO(A, "s2") TO(B, "s1") NEW(C, "s0") SECOND TO(A, "s5") TO(B, "s4") TO(C, "s3") \
  THIRD TO(A, "s8") TO(B, "s7") TO(C, "s6") FINISH(A)
#define WEIGHT(R, I) "lb " R ", " I "(t0)\n\t" "slli " R ", " R ", 2\n\t"

static inline void run(lines *l, const int8_t *input, int8_t *output, int32_t step, const mote_dwline_s8s8 *p) {
  register const int8_t *x __asm__("a0") = input;
  register int32_t in_line __asm__("a1") = p->in_line;
  register int32_t in_step __asm__("a2") = p->in_step;
  register int8_t *out __asm__("a3") = output;
  register int32_t out_step __asm__("a4") = step;
  register lines *all __asm__("t5") = l;
  __asm__ volatile(
      "lw t0, 64(t5)\n\t"
      WEIGHT("s0", "0") WEIGHT("s1", "1") WEIGHT("s2", "2") WEIGHT("s3", "3") WEIGHT("s4", "4")
      WEIGHT("s5", "5") WEIGHT("s6", "6") WEIGHT("s7", "7") WEIGHT("s8", "8")
      "lw ra, 36(t5)\n\t" "lw t6, 40(t5)\n\t" "lw a5, 44(t5)\n\t" "lw a6, 48(t5)\n\t" "lw a7, 52(t5)\n\t"
      "lw t3, 56(t5)\n\t" "lw t4, 60(t5)\n"
      "1:\n\t"
      "lw s9, 8(t5)\n\t" "lw t1, 4(t5)\n\t" "bnez t1, 2f\n\t"
      FIRST TO("s9", "s0") SECOND TO("s9", "s3") THIRD TO("s9", "s6")
      "2:\n\t"
      FIRST TO("s9", "s1") NEW("s10", "s0") SECOND TO("s9", "s4") TO("s10", "s3") THIRD TO("s9", "s7") TO("s10", "s6")
      "beq a0, ra, 4f\n"
      "3:\n\t"
      COLUMN("s9", "s10", "s11")
      "beq a0, ra, 5f\n\t"
      COLUMN("s10", "s11", "s9")
      "beq a0, ra, 6f\n\t"
      COLUMN("s11", "s9", "s10")
      "bne a0, ra, 3b\n\t" "j 4f\n"
      "5:\n\t" "mv s9, s10\n\t" "j 4f\n"
      "6:\n\t" "mv s9, s11\n"
      "4:\n\t"
      "lw t1, 12(t5)\n\t" "beqz t1, 0f\n\t" "lw t1, 16(t5)\n\t" "add s9, s9, t1\n\t"
      FINISH("s9")
      "0:\n\t"
      "lw t0, 0(t5)\n\t" "addi t0, t0, -1\n\t" "sw t0, 0(t5)\n\t"
      "lw t1, 24(t5)\n\t" "add a0, a0, t1\n\t" "lw t1, 28(t5)\n\t" "add a3, a3, t1\n\t" "add ra, ra, a1\n\t"
      "bnez t0, 1b\n\t"
      : "+r"(x), "+r"(out)
      : "r"(in_line), "r"(in_step), "r"(out_step), "r"(all)
      : "memory", "ra", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t6", "s0", "s1", "s2", "s3", "s4", "s5", "s6",
        "s7", "s8", "s9", "s10", "s11");
}
/* clang-format on */
#else
/* The same in C, for the host module. */
static void run(lines *l, const int8_t *input, int8_t *output, int32_t step, const mote_dwline_s8s8 *p) {
  const int8_t *const w = l->weights;
  const int32_t count = p->whole + p->has_right;
  for (; l->lines > 0; l->lines--) {
    for (int32_t i = 0; i < count; i++) {
      const int first = i == 0 && l->has_left;
      const int last = i == p->whole;
      int32_t sum = (i == 0 ? l->left : l->bias) + (last ? l->right : 0);
      for (int32_t k = 0; k < 9; k++) {
        const int32_t column = k % 3;
        if ((first && column == 0) || (last && column == 2)) continue;
        sum += 4 * w[k] * input[(k / 3) * p->in_line + (i + column - p->has_left) * p->in_step];
      }
      output[i * step] = mote_rv32_round(mote_rv32_high(sum, l->multiplier), l->constant, l->shift, &p->output);
    }
    input += p->in_line;
    output += p->out_line;
  }
}
#endif

/* The held line, to where it belongs. */
static void release(const int8_t *held, int8_t *out, int32_t count, int32_t step) {
  for (; count > 0; count--) {
    *out = *held++;
    out += step;
  }
}

/* The weights are those of `p`, or decoded ones. */
static inline void mote_dwline_run(const mote_dwline_s8s8 *p, const int8_t *w, const int8_t *input, int8_t *output,
                                   void *scratch) {
  const int32_t before = (1 - p->has_left) + 1;
  const int32_t z = 4 * p->input_zero_point;
  const int32_t *q = p->channels;
  lines l;
  int8_t padded[15] = {0}; /* the weights between two lines of zeros */
  l.has_left = p->has_left;
  l.has_right = p->has_right;
  l.tie = p->output.tie;
  l.in_next = p->in_line - (before + p->whole) * p->in_step;
  l.out_next = p->out_line - (p->whole + p->has_right) * p->out_step;
  l.in_line = p->in_line;
  l.min = p->output.min;
  l.max = p->output.max;
  for (int32_t c = 0; c < p->in_c; c++) {
    l.multiplier = q[1];
    l.constant = q[2];
    l.shift = q[3];
    int8_t *out = output;
    __builtin_memcpy(padded + 3, w, 9);
    for (int32_t line = 0; line < p->out_lines;) {
      const int32_t at = line - p->pad_first; /* the first tap's line */
      const int32_t last = p->in_lines - 3;
      const int32_t inside = at < 0 ? 0 : at > last ? last : at;
      const int8_t *x = input + inside * p->in_line;
      l.bias = 4 * q[0];
      l.weights = padded + 3;
      l.lines = 1;
      if (at == inside) {
        l.lines = last + 1 - at;
        if (l.lines > p->out_lines - line) l.lines = p->out_lines - line;
      } else {
        /* The window is moved by a line into the image and its weights the other way; what falls out reads zero points. */
        const int8_t *const fallen = at < inside ? w : w + 6;
        l.bias += z * (fallen[0] + fallen[1] + fallen[2]);
        l.weights = at < inside ? padded + 6 : padded;
      }
      l.left = l.bias + (p->has_left ? z * (l.weights[0] + l.weights[3] + l.weights[6]) : 0);
      l.right = z * (l.weights[2] + l.weights[5] + l.weights[8]);
      l.end = x + (before + p->whole) * p->in_step;
      const int32_t count = l.lines;
      const int hold = p->hold_first && line == 0;
      run(&l, x, hold ? scratch : out, hold ? 1 : p->out_step, p);
      line += count;
      out += count * p->out_line;
    }
    if (p->hold_first) release(scratch, output, p->whole + p->has_right, p->out_step);
    output++;
    input++;
    w += 9;
    q += MOTE_RV32_CHANNEL;
  }
}

#endif
