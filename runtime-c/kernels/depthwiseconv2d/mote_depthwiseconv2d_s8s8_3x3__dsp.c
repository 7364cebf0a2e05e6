/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution, 3 x 3, stride 1, for the DSP extension.
 *
 * Four channels and two output rows at a time. The four input rows that they need become pairs of int16 in the scratch:
 * for each column and channel (row 0, row 1) and (row 2, row 3). With the weights of a kernel column as (w0, w1) and
 * (w1, w2), a column adds to the upper output SMLAD (rows 0, 1) and SMLABT (row 2 * w2), to the lower one SMLATB
 * (row 1 * w0) and SMLAD (rows 2, 3): two instructions for three products, and the pairs are made once for all three
 * horizontal taps. Columns outside the image hold the zero point, once for all rows. */
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

/* Pairs of `count` columns from four rows that all lie in the image; `row` and `step` are in bytes. */
static MOTE_DSP_NOINLINE void pair_rows(int32_t *pairs, const int8_t *x, int32_t row, int32_t step, int32_t count) {
  const int32_t *const end = pairs + 8 * count;
  const int32_t row3 = 3 * row;
  __asm__ volatile(
      "1:\n\t"
      "ldr r4, [%[x]]\n\t"
      "ldr r5, [%[x], %[row]]\n\t"
      "ldr r6, [%[x], %[row], lsl #1]\n\t"
      "ldr r8, [%[x], %[row3]]\n\t"
      "add %[x], %[x], %[step]\n\t"
      "pkhbt r9, r4, r5, lsl #16\n\t"
      "pkhtb r11, r5, r4, asr #16\n\t"
      "pkhbt r10, r6, r8, lsl #16\n\t"
      "pkhtb r12, r8, r6, asr #16\n\t"
      "sxtb16 r4, r9\n\t"
      "sxtb16 r5, r10\n\t"
      "sxtb16 r6, r9, ror #8\n\t"
      "sxtb16 r8, r10, ror #8\n\t"
      "sxtb16 r9, r11\n\t"
      "sxtb16 r10, r12\n\t"
      "sxtb16 r11, r11, ror #8\n\t"
      "sxtb16 r12, r12, ror #8\n\t"
      "stm %[pairs]!, {r4, r5, r6, r8, r9, r10, r11, r12}\n\t"
      "cmp %[pairs], %[end]\n\t"
      "bne 1b\n\t"
      : [x] "+&r"(x), [pairs] "+&r"(pairs)
      : [row] "r"(row), [row3] "r"(row3), [step] "r"(step), [end] "r"(end)
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

/* The same where some rows are outside: they read `zero`, four zero points. */
static MOTE_DSP_NOINLINE void pair_border(int32_t *pairs, const int8_t *const *rows, const int8_t *zero, int32_t step, int32_t count) {
  for (int32_t half = 0; half < 2; half++) {
    const int8_t *a = rows[2 * half];
    const int8_t *b = rows[2 * half + 1];
    const int32_t a_step = a == zero ? 0 : step;
    const int32_t b_step = b == zero ? 0 : step;
    int32_t *to = pairs + half;
    for (int32_t i = 0; i < count; i++) {
      pair_two(to, a, b);
      a += a_step;
      b += b_step;
      to += 8;
    }
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

static MOTE_DSP_NOINLINE void make_pairs(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input, int32_t top, columns in,
                       int32_t *pairs) {
  const int32_t row = p->in_w * p->channels;
  const int8_t *x = input + top * row;
  if (top >= 0 && top + 4 <= p->in_h) {
    pair_rows(pairs + 8 * in.first, x, row, p->channels, in.count);
    return;
  }
  int8_t zero[4];
  const int8_t *rows[4];
  for (int32_t i = 0; i < 4; i++) {
    zero[i] = (int8_t)p->input_zero_point;
    rows[i] = top + i >= 0 && top + i < p->in_h ? input + (top + i) * row : zero;
  }
  pair_border(pairs + 8 * in.first, rows, zero, p->channels, in.count);
}

/* Four channels of the whole image. */
static void group(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input, columns in, channel *channels) {
  int32_t *const pairs = (int32_t *)(void *)(channels + 4);
  for (int32_t y = 0; y < p->out_h; y += 2) {
    if (in.count > 0) make_pairs(p, input, y - p->pad_top, in, pairs);
    if (y + 1 == p->out_h) {
      for (int32_t c = 0; c < 4; c++) channels[c].below = 0;
    }
    if (p->rounding == MOTE_ROUNDING_SINGLE) single_rows(pairs, &channels->multiplier);
    else tflite_rows(pairs, &channels->multiplier);
  }
}

void mote_depthwiseconv2d_s8s8_3x3__dsp(const mote_depthwiseconv2d_s8s8_3x3 *p, const int8_t *input,
                                        int8_t *output, void *scratch) {
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
  const int32_t *constants = p->constants;
#pragma GCC unroll 1
  for (int32_t c = 0; c < p->channels; c += 4) {
    const int32_t at = c + 4 <= p->channels ? c : p->channels - 4;
#pragma GCC unroll 1
    for (int32_t i = 0; i < 4; i++) {
      load_channel(p, channels + i, constants, output + at + i);
      constants += constant_words;
    }
    group(p, input + at, in, channels);
  }
  mote_dsp_clamp(output, p->out_h * p->out_w * p->channels, p->output_min, p->output_max);
}
