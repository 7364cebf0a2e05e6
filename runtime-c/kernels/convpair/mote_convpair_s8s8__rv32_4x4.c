/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution for RV32IM: 4 channels by 4 pixels at a time, two pixels to a register.
 *
 * A pair of pixels is X = a * 65536 + b. S = w0 * X0 + w1 * X1 + 2^15 holds the sums of two taps for both pixels: the low
 * half is w.b + 2^15 in [0, 65535], since |w.b| <= 255 * 128, and S >> 16 is exactly w.a. Sums of S (mod 2^32) and of
 * S >> 16 give both results at the end: w.b = sum of S - 65536 * w.a - 2^15 * (number of S), mod 2^32. */
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
  "lw " H0 ", " B "(a3)\n\t" \
  "slli " R0 ", " H0 ", 16\n\t" "add " R0 ", " R0 ", " H0 "\n\t" "sub " R0 ", " R0 ", a4\n\t" \
  "mv " R1 ", " R0 "\n\t" "mv " H1 ", " H0 "\n\t"
#define LOAD(X0, X1, X2, X3) \
  "lw a4, " X0 "(a0)\n\t" "lw a5, " X1 "(a0)\n\t" "lw a6, " X2 "(a0)\n\t" "lw a7, " X3 "(a0)\n\t"
#define CHANNEL(W0, W1, R0, R1, H0, H1) \
  "lb t0, " W0 "(a1)\n\t" "mul t1, t0, a4\n\t" "mul t2, t0, a5\n\t" \
  "lb t0, " W1 "(a1)\n\t" "mul ra, t0, a6\n\t" "mul t0, t0, a7\n\t" \
  "add t1, t1, a3\n\t" "add t2, t2, a3\n\t" "add t1, t1, ra\n\t" "add t2, t2, t0\n\t" \
  "add " R0 ", " R0 ", t1\n\t" "add " R1 ", " R1 ", t2\n\t" "srai t1, t1, 16\n\t" "srai t2, t2, 16\n\t" \
  "add " H0 ", " H0 ", t1\n\t" "add " H1 ", " H1 ", t2\n\t"
#define STORE(A, B, C, D, R0, R1, H0, H1) \
  "slli t0, " H0 ", 16\n\t" "sub " R0 ", " R0 ", t0\n\t" "slli t1, " H1 ", 16\n\t" "sub " R1 ", " R1 ", t1\n\t" \
  "sw " H0 ", " A "(a2)\n\t" "sw " R0 ", " B "(a2)\n\t" "sw " H1 ", " C "(a2)\n\t" "sw " R1 ", " D "(a2)\n\t"

/* Sums of 4 channels and 4 pixels, channel by channel, to end[0..15]: all 28 registers. */
static inline void sums(const int32_t *first, int32_t *end, const int8_t *weights, const int32_t *channels,
                        int32_t offset) {
  register const int32_t *x __asm__("a0") = first;
  register const int8_t *w __asm__("a1") = weights;
  register int32_t *e __asm__("a2") = end;
  register const int32_t *c __asm__("a3") = channels;
  register int32_t o __asm__("a4") = offset;
  __asm__ volatile(
      INIT("0", "s0", "s1", "s2", "s3") INIT("16", "s4", "s5", "s6", "s7")
      INIT("32", "s8", "s9", "s10", "s11") INIT("48", "t3", "t4", "t5", "t6")
      "lui a3, 8\n"
      "1:\n\t"
      LOAD("0", "4", "8", "12")
      CHANNEL("0", "1", "s0", "s1", "s2", "s3") CHANNEL("2", "3", "s4", "s5", "s6", "s7")
      CHANNEL("4", "5", "s8", "s9", "s10", "s11") CHANNEL("6", "7", "t3", "t4", "t5", "t6")
      LOAD("16", "20", "24", "28")
      CHANNEL("8", "9", "s0", "s1", "s2", "s3") CHANNEL("10", "11", "s4", "s5", "s6", "s7")
      CHANNEL("12", "13", "s8", "s9", "s10", "s11") CHANNEL("14", "15", "t3", "t4", "t5", "t6")
      "addi a0, a0, 32\n\t" "addi a1, a1, 16\n\t" "bne a0, a2, 1b\n\t"
      STORE("0", "4", "8", "12", "s0", "s1", "s2", "s3") STORE("16", "20", "24", "28", "s4", "s5", "s6", "s7")
      STORE("32", "36", "40", "44", "s8", "s9", "s10", "s11") STORE("48", "52", "56", "60", "t3", "t4", "t5", "t6")
      : "+r"(x), "+r"(w), "+r"(c), "+r"(o)
      : "r"(e)
      : "memory", "ra", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4", "s5",
        "s6", "s7", "s8", "s9", "s10", "s11");
}
/* clang-format on */
#else
/* The same in C, for the host module. */
static void sums(const int32_t *first, int32_t *end, const int8_t *weights, const int32_t *channels, int32_t offset) {
  (void)offset;
  for (int32_t c = 0; c < 4; c++) {
    for (int32_t pair = 0; pair < 2; pair++) {
      int32_t high = channels[c * MOTE_RV32_CHANNEL];
      int32_t low = high;
      const int8_t *w = weights + 2 * c;
      for (const int32_t *x = first + pair; x < end; x += 4, w += 8) {
        const int32_t s = w[0] * x[0] + w[1] * x[2] + 32768;
        high += s >> 16;
        low += (s & 0xFFFF) - 32768;
      }
      end[4 * c + 2 * pair] = high;
      end[4 * c + 2 * pair + 1] = low;
    }
  }
}
#endif

/* Sums of 4 channels for one pixel that is left over, to end[0], end[4], end[8], end[12]: its value is the low half of a
 * pair's word, and one product per multiply is less work than four pixels of which three are not wanted. */
static inline void sums_of_one(const int32_t *x, int32_t *end, const int8_t *w, const int32_t *channels) {
  int32_t a0 = channels[0];
  int32_t a1 = channels[MOTE_RV32_CHANNEL];
  int32_t a2 = channels[2 * MOTE_RV32_CHANNEL];
  int32_t a3 = channels[3 * MOTE_RV32_CHANNEL];
  for (; x != end; x += 4) {
    const int32_t v0 = (int16_t)x[0];
    const int32_t v1 = (int16_t)x[2];
    a0 += w[0] * v0 + w[1] * v1;
    a1 += w[2] * v0 + w[3] * v1;
    a2 += w[4] * v0 + w[5] * v1;
    a3 += w[6] * v0 + w[7] * v1;
    w += 8;
  }
  end[0] = a0;
  end[4] = a1;
  end[8] = a2;
  end[12] = a3;
}

/* Outputs of up to 4 channels and 4 pixels from their sums. */
static inline void finish(const mote_convpair_s8s8 *p, const int32_t *sum, const int32_t *c, int32_t channels,
                          int8_t *out, int32_t pixels) {
  const mote_rv32_output o = p->output;
  const int32_t step = p->out_c;
  const int32_t *const end = sum + 4 * channels;
  for (; sum != end; sum += 4) {
    const int32_t m = c[1];
    const int32_t r = c[2];
    const int32_t s = c[3];
    int8_t *to = out++;
    if (pixels == 4) {
      const int32_t h0 = mote_rv32_high(sum[0] * 4, m);
      const int32_t h1 = mote_rv32_high(sum[1] * 4, m);
      const int32_t h2 = mote_rv32_high(sum[2] * 4, m);
      const int32_t h3 = mote_rv32_high(sum[3] * 4, m);
      *to = mote_rv32_round(h0, r, s, &o);
      to += step;
      *to = mote_rv32_round(h1, r, s, &o);
      to += step;
      *to = mote_rv32_round(h2, r, s, &o);
      to += step;
      *to = mote_rv32_round(h3, r, s, &o);
    } else {
      for (int32_t k = 0; k < pixels; k++) {
        *to = mote_rv32_round(mote_rv32_high(sum[k] * 4, m), r, s, &o);
        to += step;
      }
    }
    c += MOTE_RV32_CHANNEL;
  }
}

void mote_convpair_s8s8__rv32_4x4(const mote_convpair_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  int32_t *const x = scratch;
  int32_t *const end = x + 2 * p->depth;
  int8_t *const zeros = (int8_t *)(end + 16);
  if (p->padded) memset(zeros, p->input_zero_point, (size_t)p->in_c);
  place at[4] = {{-p->pad_top, -p->pad_left, 0}};
  for (int32_t left = p->pixels; left > 0; left -= 4) {
    for (int32_t k = 1; k < 4; k++) {
      at[k] = at[k - 1];
      if (k < left) advance(p, &at[k]);
    }
    pack_windows(p, input, zeros, x, &at[0], &at[1]);
    if (left > 1) pack_windows(p, input, zeros, x + 1, &at[2], &at[3]);
    const int8_t *w = p->weights;
    const int32_t *c = p->channels;
    const int32_t count = left < 4 ? left : 4;
    for (int32_t i = 0; i < p->out_c; i += 4) {
      if (left > 1) sums(x, end, w, c, p->depth << 14);
      else sums_of_one(x, end, w, c);
      finish(p, end, c, p->out_c - i < 4 ? p->out_c - i : 4, output + i, count);
      w += 4 * p->depth;
      c += 4 * MOTE_RV32_CHANNEL;
    }
    output += 4 * p->out_c;
    at[0] = at[3];
    advance(p, &at[0]);
  }
}
