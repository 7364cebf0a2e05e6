/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution, 3 x 3, stride 1, for the DSP extension, with the constants of four channels from a function.
 *
 * Four channels and two output rows at a time. The four input rows that they need become pairs of int16 in the scratch:
 * for each column and channel (row 0, row 1) and (row 2, row 3), where the next two output rows find the latter. With the weights of a kernel column as (w0, w1) and
 * (w1, w2), a column adds to the upper output SMLAD (rows 0, 1) and SMLABT (row 2 * w2), to the lower one SMLATB
 * (row 1 * w0) and SMLAD (rows 2, 3): two instructions for three products, and the pairs are made once for all three
 * horizontal taps. Columns outside the image hold the zero point, once for all rows. */
#ifndef MOTE_DSP_DEPTHWISE3X3_H
#define MOTE_DSP_DEPTHWISE3X3_H

#include "mote/depthwiseconv2d.h"
#include "mote/dsp_clamp.h"
#include "mote/dsp_requantize.h"
#include "mote/requantize.h"

/* -O3 would copy and unroll what hardly runs. */
#define MOTE_DSP_NOINLINE __attribute__((noinline))

/* What the inner loop reads: two LDM around `multiplier`. */
typedef struct {
  int32_t weights[6]; /* (w0, w1), (w1, w2) of each kernel column */
  int32_t bias;
  int32_t multiplier, round, shift;
  int32_t step;  /* bytes from an output to the next one */
  int32_t below; /* bytes to the lower output row; 0 where there is none: the upper one is stored last */
  int8_t *out;
  const int32_t *end;
  int32_t odd;   /* 1: a column is left over */
  int32_t skip;  /* bytes from the end of an output row to the next pair of rows */
  const int32_t *next; /* pairs of the next channel; null in the last one */
} channel;

/* Constants of one channel: for each kernel column the bytes w0, w1, w1, w2 (top to bottom), so that SXTB16 gives
 * (w0, w1) and, after a rotation, (w1, w2); then bias, multiplier, round, shift. */
enum { constant_words = 7 };

static inline int32_t widen_twice(int32_t bytes) {
  int32_t r;
  __asm__("sxtb16 %0, %1\n\tsadd16 %0, %0, %0" : "=r"(r) : "r"(bytes) : "cc");
  return r;
}

static inline int32_t rotate8(int32_t x) {
  return (int32_t)(((uint32_t)x >> 8) | ((uint32_t)x << 24));
}

static MOTE_DSP_NOINLINE void load_channel(const mote_depthwiseconv2d_s8s8_3x3 *p, channel *c,
                                           const int32_t *constants, int8_t *out) {
  for (int32_t i = 0; i < 3; i++) {
    c->weights[2 * i] = widen_twice(constants[i]);
    c->weights[2 * i + 1] = widen_twice(rotate8(constants[i]));
  }
  c->bias = constants[3];
  c->multiplier = constants[4];
  c->round = constants[5];
  c->shift = constants[6];
  c->step = p->channels;
  c->below = p->out_w * p->channels;
  c->out = out;
  c->odd = p->out_w & 1;
  c->skip = c->below;
}

/* The next two rows of `count` columns: what was (row 2, row 3) becomes (row 0, row 1). Both lie in the image, the upper
 * one from `x` on; `row` and `step` are in bytes. */
static MOTE_DSP_NOINLINE void next_rows(int32_t *pairs, const int8_t *x, int32_t row, int32_t step, int32_t count) {
  const int32_t *const end = pairs + 8 * count;
  __asm__ volatile(
      "1:\n\t"
      "ldr r9, [%[x]]\n\t"
      "ldr r11, [%[x], %[row]]\n\t"
      "add %[x], %[x], %[step]\n\t"
      "pkhbt r8, r9, r11, lsl #16\n\t"
      "pkhtb r12, r11, r9, asr #16\n\t"
      "ldr r4, [%[pairs], #4]\n\t"
      "ldr r6, [%[pairs], #12]\n\t"
      "ldr r9, [%[pairs], #20]\n\t"
      "ldr r11, [%[pairs], #28]\n\t"
      "sxtb16 r5, r8\n\t"
      "sxtb16 r8, r8, ror #8\n\t"
      "sxtb16 r10, r12\n\t"
      "sxtb16 r12, r12, ror #8\n\t"
      "stm %[pairs]!, {r4, r5, r6, r8, r9, r10, r11, r12}\n\t"
      "cmp %[pairs], %[end]\n\t"
      "bne 1b\n\t"
      : [x] "+&r"(x), [pairs] "+&r"(pairs)
      : [row] "r"(row), [step] "r"(step), [end] "r"(end)
      : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
}

static inline void pair_two(int32_t *pairs, const int8_t *a, const int8_t *b) {
  const uint32_t upper = mote_dsp_load4(a);
  const uint32_t lower = mote_dsp_load4(b);
  uint32_t low, high;
  __asm__("pkhbt %0, %2, %3, lsl #16\n\tpkhtb %1, %3, %2, asr #16" : "=&r"(low), "=r"(high) : "r"(upper), "r"(lower));
  __asm__("sxtb16 %0, %1" : "=r"(pairs[0]) : "r"(low));
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pairs[2]) : "r"(low));
  __asm__("sxtb16 %0, %1" : "=r"(pairs[4]) : "r"(high));
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pairs[6]) : "r"(high));
}

/* Rows a and b of `count` columns, as every second word. A step of 0: a row outside the image, four zero points. */
static MOTE_DSP_NOINLINE void pair_rows(int32_t *to, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step,
                                        int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    pair_two(to, a, b);
    a += a_step;
    b += b_step;
    to += 8;
  }
}

/* Weights r2 ... r7, bias r8; sums r9 (upper) and r10 (lower) of one output, r11 and r8 of the next; pairs r12, lr. */
#define FIRST(A, B, W0, W1) \
  "smlad " A ", r12, " W0 ", r8\n\t" \
  "smlatb " B ", r12, " W0 ", r8\n\t"
#define REST(A, B, W0, W1) \
  "smlabt " A ", lr, " W1 ", " A "\n\t" \
  "smlad " B ", lr, " W1 ", " B "\n\t"
#define NEXT(A, B, W0, W1) \
  "smlad " A ", r12, " W0 ", " A "\n\t" \
  "smlatb " B ", r12, " W0 ", " B "\n\t" REST(A, B, W0, W1)
#define STORE(REQUANTIZE, A, B) \
  REQUANTIZE("lr", B, "r2", "r3", "r4") \
  "strb lr, [r7, r6]\n\t" \
  REQUANTIZE("lr", A, "r2", "r3", "r4") \
  "strb lr, [r7]\n\t" \
  "add r7, r5\n\t"

/* Four channels of two output rows, at least two columns wide: two columns per turn, then the last one of an odd width.
 * r0 is at the pairs of the window's first column, r1 at `multiplier` in channel; its `end` is where r0 stops. */
#define ROWS(REQUANTIZE) \
  __asm__ volatile( \
      "1:\n\t" \
      "ldmdb r1, {r2-r8}\n\t" \
      "ldrd r12, lr, [r0, #32]\n\t" \
      FIRST("r9", "r10", "r4", "r5") FIRST("r11", "r8", "r2", "r3") \
      REST("r9", "r10", "r4", "r5") REST("r11", "r8", "r2", "r3") \
      "ldrd r12, lr, [r0], #64\n\t" \
      NEXT("r9", "r10", "r2", "r3") \
      "ldrd r12, lr, [r0]\n\t" \
      NEXT("r9", "r10", "r6", "r7") NEXT("r11", "r8", "r4", "r5") \
      "ldrd r12, lr, [r0, #32]\n\t" \
      NEXT("r11", "r8", "r6", "r7") \
      "ldm r1, {r2-r7, r12}\n\t" \
      STORE(REQUANTIZE, "r9", "r10") \
      STORE(REQUANTIZE, "r11", "r8") \
      "str r7, [r1, #20]\n\t" \
      "cmp r0, r12\n\t" \
      "blo 1b\n\t" \
      "ldr r2, [r1, #28]\n\t" \
      "cmp r2, #0\n\t" \
      "beq 2f\n\t" \
      "ldmdb r1, {r2-r8}\n\t" \
      "ldrd r12, lr, [r0]\n\t" \
      FIRST("r9", "r10", "r2", "r3") REST("r9", "r10", "r2", "r3") \
      "ldrd r12, lr, [r0, #32]\n\t" \
      NEXT("r9", "r10", "r4", "r5") \
      "ldrd r12, lr, [r0, #64]\n\t" \
      NEXT("r9", "r10", "r6", "r7") \
      "ldm r1, {r2-r7}\n\t" \
      STORE(REQUANTIZE, "r9", "r10") \
      "2:\n\t" \
      "ldrd r2, r0, [r1, #32]\n\t" \
      "add r7, r2\n\t" \
      "str r7, [r1, #20]\n\t" \
      "adds r1, #68\n\t" \
      "cmp r0, #0\n\t" \
      "bne 1b\n\t" \
      : "+r"(pairs), "+r"(constants) \
      : \
      : "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

static MOTE_DSP_NOINLINE void tflite_rows(const int32_t *from, const int32_t *middle) {
  register const int32_t *pairs __asm__("r0") = from;
  register const int32_t *constants __asm__("r1") = middle;
  ROWS(MOTE_DSP_TFLITE);
}

static MOTE_DSP_NOINLINE void single_rows(const int32_t *from, const int32_t *middle) {
  register const int32_t *pairs __asm__("r0") = from;
  register const int32_t *constants __asm__("r1") = middle;
  ROWS(MOTE_DSP_SINGLE);
}

/* Columns of the window buffer that lie in the image, and where the first one is. */
typedef struct {
  int32_t first, count;
} columns;

/* Rows `top` and below as every second word, where the image may end. */
static MOTE_DSP_NOINLINE void pair_border(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input, int32_t top,
                                          int32_t count, int32_t *to) {
  const int32_t row = p->in_w * p->channels;
  int8_t zero[4];
  for (int32_t i = 0; i < 4; i++) zero[i] = (int8_t)p->input_zero_point;
  const int a = top >= 0 && top < p->in_h;
  const int b = top + 1 >= 0 && top + 1 < p->in_h;
  pair_rows(to, a ? input + top * row : zero, a ? p->channels : 0, b ? input + (top + 1) * row : zero,
            b ? p->channels : 0, count);
}

/* The four rows from `top` on, of which the first two are there already unless it is the first time. */
static MOTE_DSP_NOINLINE void make_pairs(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input, int32_t top,
                                         columns in, int32_t *pairs, int first) {
  const int32_t below = top + 2;
  int32_t *const at = pairs + 8 * in.first;
  if (first) {
    pair_border(p, input, top, in.count, at);
  } else if (below >= 0 && below + 2 <= p->in_h) {
    const int32_t row = p->in_w * p->channels;
    next_rows(at, input + below * row, row, p->channels, in.count);
    return;
  } else {
    for (int32_t i = 0; i < 8 * in.count; i += 2) at[i] = at[i + 1];
  }
  pair_border(p, input, below, in.count, at + 1);
}

/* Four channels of the whole image. An input row is read before the output row above it is written, and once: outputs may
 * lie over inputs of the same channels. */
static void group(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input, columns in, channel *channels) {
  int32_t *const pairs = (int32_t *)(void *)(channels + 4);
  for (int32_t y = 0; y < p->out_h; y += 2) {
    if (in.count > 0) make_pairs(p, input, y - p->pad_top, in, pairs, y == 0);
    if (y + 1 == p->out_h) {
      for (int32_t c = 0; c < 4; c++) channels[c].below = 0;
    }
    if (p->rounding == MOTE_ROUNDING_SINGLE) single_rows(pairs, &channels->multiplier);
    else tflite_rows(pairs, &channels->multiplier);
  }
}

/* Gives the constants of four channels, the first of which is `c`. */
typedef const int32_t *(*mote_dsp_group_constants)(const void *context, int32_t group, int32_t c);

static inline void mote_dsp_depthwise3x3(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input, int8_t *output,
                                         void *scratch, mote_dsp_group_constants constants_of, const void *context) {
  channel *const channels = scratch;
  int32_t *const pairs = (int32_t *)(void *)(channels + 4);
  const int32_t width = p->out_w + 2;
  columns in = {p->pad_left < width ? p->pad_left : width, p->in_w};
  if (in.count > width - in.first) in.count = width - in.first;
  const int32_t zero = (int32_t)((uint32_t)(uint16_t)p->input_zero_point * 0x00010001u);
#pragma GCC unroll 1
  for (int32_t i = 0; i < 8 * width; i++) pairs[i] = zero;
  for (int32_t i = 0; i < 4; i++) {
    channels[i].end = pairs + 2 * i + 8 * (p->out_w & ~1);
    channels[i].next = i < 3 ? pairs + 2 * i + 2 : 0;
  }
#pragma GCC unroll 1
  for (int32_t c = 0; c < p->channels; c += 4) {
    const int32_t at = c + 4 <= p->channels ? c : p->channels - 4;
    const int32_t *constants = constants_of(context, c >> 2, at);
#pragma GCC unroll 1
    for (int32_t i = 0; i < 4; i++) {
      load_channel(p, channels + i, constants, output + at + i);
      constants += constant_words;
    }
    group(p, input + at, in, channels);
  }
  mote_dsp_clamp(output, p->out_h * p->out_w * p->channels, p->output_min, p->output_max);
}

#endif
