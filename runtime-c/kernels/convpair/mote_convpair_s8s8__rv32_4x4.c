/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution for RV32IM: 4 channels by 4 pixels at a time, two pixels to a register.
 *
 * A pair of pixels is X = a * 65536 + b. S = w0 * X0 + w1 * X1 + 65537 * 2^15 holds the sums of two taps for both pixels:
 * the halves are w.a + 2^15 and w.b + 2^15, in [0, 65535] since |w.b| <= 255 * 128. Sums of S (mod 2^32) and of S >> 16
 * give both results at the end; the packer took the 2^15 of all S from the biases. */
#include <string.h>

#include "mote/convpair.h"

typedef struct {
  int32_t y, x; /* first tap's place in the image */
  int32_t column;
} place;

static void advance(const mote_convpair_s8s8 *p, place *at) {
  at->x += p->stride_w;
  if (++at->column == p->out_w) {
    at->column = 0;
    at->x = -p->pad_left;
    at->y += p->stride_h;
  }
}

static int32_t *pack(int32_t *x, const int8_t *a, const int8_t *b, int32_t n) {
  for (; n >= 4; n -= 4) {
    x[0] = a[0] * 65536 + b[0];
    x[2] = a[1] * 65536 + b[1];
    x[4] = a[2] * 65536 + b[2];
    x[6] = a[3] * 65536 + b[3];
    x += 8;
    a += 4;
    b += 4;
  }
  for (; n > 0; n--) {
    *x = *a++ * 65536 + *b++;
    x += 2;
  }
  return x;
}

static const int8_t *tap(const mote_convpair_s8s8 *p, const int8_t *input, const int8_t *zeros, int32_t y, int32_t x) {
  const int inside = (uint32_t)y < (uint32_t)p->in_h && (uint32_t)x < (uint32_t)p->in_w;
  return inside ? input + (y * p->in_w + x) * p->in_c : zeros;
}

/* The windows of pixels a and b, into every second word of x. */
static void pack_windows(const mote_convpair_s8s8 *p, const int8_t *input, const int8_t *zeros, int32_t *x,
                         const place *a, const place *b) {
  const int32_t reach = p->in_w - p->kernel_w;
  const int whole = p->dilation_w == 1 && (uint32_t)a->x <= (uint32_t)reach && (uint32_t)b->x <= (uint32_t)reach &&
                    reach >= 0;
  int32_t ya = a->y;
  int32_t yb = b->y;
  for (int32_t i = 0; i < p->kernel_h; i++) {
    if (whole && (uint32_t)ya < (uint32_t)p->in_h && (uint32_t)yb < (uint32_t)p->in_h) {
      x = pack(x, input + (ya * p->in_w + a->x) * p->in_c, input + (yb * p->in_w + b->x) * p->in_c,
               p->kernel_w * p->in_c);
    } else {
      int32_t shift = 0;
      for (int32_t j = 0; j < p->kernel_w; j++) {
        x = pack(x, tap(p, input, zeros, ya, a->x + shift), tap(p, input, zeros, yb, b->x + shift), p->in_c);
        shift += p->dilation_w;
      }
    }
    ya += p->dilation_h;
    yb += p->dilation_h;
  }
}

#ifdef __riscv
/* clang-format off */
#define INIT(B, R0, R1, H0, H1) \
  "lw " H0 ", " B "(a3)\n\t" "slli " R0 ", " H0 ", 16\n\t" "add " R0 ", " R0 ", " H0 "\n\t" \
  "mv " R1 ", " R0 "\n\t" "mv " H1 ", " H0 "\n\t"
#define LOAD(X0, X1, X2, X3) \
  "lw a4, " X0 "(a0)\n\t" "lw a5, " X1 "(a0)\n\t" "lw a6, " X2 "(a0)\n\t" "lw a7, " X3 "(a0)\n\t"
#define CHANNEL(W0, W1, R0, R1, H0, H1) \
  "lb t0, " W0 "(a1)\n\t" "mul t1, t0, a4\n\t" "mul t2, t0, a5\n\t" \
  "lb t0, " W1 "(a1)\n\t" "mul ra, t0, a6\n\t" "mul t0, t0, a7\n\t" \
  "add t1, t1, a3\n\t" "add t2, t2, a3\n\t" "add t1, t1, ra\n\t" "add t2, t2, t0\n\t" \
  "add " R0 ", " R0 ", t1\n\t" "add " R1 ", " R1 ", t2\n\t" "srli t1, t1, 16\n\t" "srli t2, t2, 16\n\t" \
  "add " H0 ", " H0 ", t1\n\t" "add " H1 ", " H1 ", t2\n\t"
/* As mote_rv32_finish. A compiler does without the branch of the tie, for two instructions more. */
#define ROUND(H, K, TO) \
  "bgez " H ", 2f\n\t" "sub " H ", " H ", a0\n2:\t" "add " H ", " H ", t1\n\t" "sra " H ", " H ", t2\n\t" \
  "bge " H ", a1, 3f\n\t" "mv " H ", a1\n3:\t" "bge a2, " H ", 4f\n\t" "mv " H ", a2\n4:\t" \
  "sb " H ", " K "(" TO ")\n\t"
#define FINISH(K, M, C, S, R0, R1, H0, H1) \
  "lw ra, " M "(a3)\n\t" "slli t0, " H0 ", 16\n\t" "sub " R0 ", " R0 ", t0\n\t" \
  "slli t1, " H1 ", 16\n\t" "sub " R1 ", " R1 ", t1\n\t" "lw t1, " C "(a3)\n\t" "lw t2, " S "(a3)\n\t" \
  "slli " H0 ", " H0 ", 2\n\t" "slli " R0 ", " R0 ", 2\n\t" "slli " H1 ", " H1 ", 2\n\t" "slli " R1 ", " R1 ", 2\n\t" \
  "mulh " H0 ", " H0 ", ra\n\t" "mulh " R0 ", " R0 ", ra\n\t" "mulh " H1 ", " H1 ", ra\n\t" \
  "mulh " R1 ", " R1 ", ra\n\t" \
  ROUND(H0, K, "a4") ROUND(R0, K, "a5") ROUND(H1, K, "a6") ROUND(R1, K, "a7")

/* 4 channels of 4 pixels, `step` bytes apart: all 28 registers. */
static inline void tile(const int32_t *first, const int32_t *end, const int8_t *weights, const int32_t *channels,
                        const mote_rv32_output *output, int8_t *out, int32_t step) {
  register const int32_t *x __asm__("a0") = first;
  register const int8_t *w __asm__("a1") = weights;
  register const int32_t *e __asm__("a2") = end;
  register const int32_t *c __asm__("a3") = channels;
  __asm__ volatile(
      INIT("0", "s0", "s1", "s2", "s3") INIT("16", "s4", "s5", "s6", "s7")
      INIT("32", "s8", "s9", "s10", "s11") INIT("48", "t3", "t4", "t5", "t6")
      "lui a3, 0x80008\n"
      "1:\n\t"
      LOAD("0", "4", "8", "12")
      CHANNEL("0", "1", "s0", "s1", "s2", "s3") CHANNEL("2", "3", "s4", "s5", "s6", "s7")
      CHANNEL("4", "5", "s8", "s9", "s10", "s11") CHANNEL("6", "7", "t3", "t4", "t5", "t6")
      LOAD("16", "20", "24", "28")
      CHANNEL("8", "9", "s0", "s1", "s2", "s3") CHANNEL("10", "11", "s4", "s5", "s6", "s7")
      CHANNEL("12", "13", "s8", "s9", "s10", "s11") CHANNEL("14", "15", "t3", "t4", "t5", "t6")
      "addi a0, a0, 32\n\t" "addi a1, a1, 16\n\t" "bne a0, a2, 1b\n\t"
      "lw t0, %[output]\n\t" "lw a3, %[channels]\n\t" "lw a4, %[out]\n\t" "lw t1, %[step]\n\t"
      "lw a0, 0(t0)\n\t" "lw a1, 4(t0)\n\t" "lw a2, 8(t0)\n\t"
      "add a5, a4, t1\n\t" "add a6, a5, t1\n\t" "add a7, a6, t1\n\t"
      FINISH("0", "4", "8", "12", "s0", "s1", "s2", "s3") FINISH("1", "20", "24", "28", "s4", "s5", "s6", "s7")
      FINISH("2", "36", "40", "44", "s8", "s9", "s10", "s11") FINISH("3", "52", "56", "60", "t3", "t4", "t5", "t6")
      : "+r"(x), "+r"(w), "+r"(e), "+r"(c)
      : [output] "m"(output), [channels] "m"(channels), [out] "m"(out), [step] "m"(step)
      : "memory", "ra", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4",
        "s5", "s6", "s7", "s8", "s9", "s10", "s11");
}
/* clang-format on */
#else
/* The same in C, for the host module. */
static void tile(const int32_t *first, const int32_t *end, const int8_t *weights, const int32_t *channels,
                 const mote_rv32_output *output, int8_t *out, int32_t step) {
  for (int32_t c = 0; c < 4; c++, channels += MOTE_RV32_CHANNEL) {
    for (int32_t pair = 0; pair < 2; pair++) {
      int32_t high = channels[0];
      int32_t low = high;
      const int8_t *w = weights + 2 * c;
      for (const int32_t *x = first + pair; x < end; x += 4, w += 8) {
        const uint32_t s = (uint32_t)(w[0] * x[0] + w[1] * x[2]) + 0x80008000u;
        high += (int32_t)(s >> 16);
        low += (int32_t)(s & 0xFFFFu);
      }
      out[c + 2 * pair * step] = mote_rv32_finish(high, channels, output);
      out[c + (2 * pair + 1) * step] = mote_rv32_finish(low, channels, output);
    }
  }
}
#endif

/* A pixel that is left over: its values are the low halves of a pair's words, and one product per multiply is less work
 * than four pixels of which three are not wanted. */
static void one(const mote_convpair_s8s8 *p, const int32_t *x, int8_t *out) {
  const int32_t *const end = x + 2 * p->depth;
  const int32_t *c = p->channels;
  for (int32_t k = 0; k < p->out_c; k++, c += MOTE_RV32_CHANNEL) {
    const int8_t *w = p->weights + (k & ~3) * p->depth + 2 * (k & 3);
    int32_t sum = c[0] + p->depth * 16384;
    for (const int32_t *v = x; v != end; v += 8, w += 16) {
      sum += w[0] * (int16_t)v[0] + w[1] * (int16_t)v[2] + w[8] * (int16_t)v[4] + w[9] * (int16_t)v[6];
    }
    out[k] = mote_rv32_finish(sum, c, &p->output);
  }
}

/* Groups of 4 channels from `first` on, for 4 pixels `step` bytes apart. Long, and so in the program once. */
__attribute__((noinline)) static void groups(const mote_convpair_s8s8 *p, const int32_t *x, int32_t first, int32_t count,
                                             int8_t *out, int32_t step) {
  const int8_t *w = p->weights + first * p->depth;
  const int32_t *c = p->channels + first * MOTE_RV32_CHANNEL;
  for (; count > 0; count -= 4) {
    tile(x, x + 2 * p->depth, w, c, &p->output, out, step);
    w += 4 * p->depth;
    c += 4 * MOTE_RV32_CHANNEL;
    out += 4;
  }
}

/* The last channels of 4 pixels, or all of 2 or 3 pixels: what is too much goes nowhere. */
static void part(const mote_convpair_s8s8 *p, const int32_t *x, int32_t first, int8_t *out, int32_t pixels) {
  int8_t spare[16];
  for (; first < p->out_c; first += 4) {
    groups(p, x, first, 4, spare, 4);
    for (int32_t c = 0; c < 4 && first + c < p->out_c; c++) {
      for (int32_t k = 0; k < pixels; k++) out[k * p->out_c + first + c] = spare[4 * k + c];
    }
  }
}

void mote_convpair_s8s8__rv32_4x4(const mote_convpair_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  int32_t *const x = scratch;
  int8_t *const zeros = (int8_t *)(x + 2 * p->depth);
  const int32_t whole = p->out_c & ~3;
  if (p->padded) memset(zeros, p->input_zero_point, (size_t)p->in_c);
  place at[4] = {{-p->pad_top, -p->pad_left, 0}};
  for (int32_t left = p->pixels; left > 0; left -= 4) {
    for (int32_t k = 1; k < 4; k++) {
      at[k] = at[k - 1];
      if (k < left) advance(p, &at[k]);
    }
    pack_windows(p, input, zeros, x, &at[0], &at[1]);
    if (left > 1) pack_windows(p, input, zeros, x + 1, &at[2], &at[3]);
    if (left == 1) {
      one(p, x, output);
    } else if (left < 4) {
      part(p, x, 0, output, left);
    } else {
      groups(p, x, 0, whole, output, p->out_c);
      if (whole != p->out_c) part(p, x, whole, output, 4);
    }
    output += 4 * p->out_c;
    at[0] = at[3];
    advance(p, &at[0]);
  }
}
