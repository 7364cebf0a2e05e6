/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 3x3 depthwise convolution, stride 1, for the DSP extension.
 *
 * Two rows of outputs of two channels at a time, from a strip of the four input rows that they need, zeros around the
 * image. A column of the strip has for each channel two words: rows 0 and 1, rows 2 and 3. A column of weights comes as
 * (w0, w1) and (w1, w2), so that with P the column's words the sums of both rows grow by
 *   row 0: SMLAD(P0, (w0, w1)), SMLABT(P1, (w1, w2))      row 1: SMLATB(P0, (w0, w1)), SMLAD(P1, (w1, w2)):
 * four instructions for six products. Moving down by two rows, P1 becomes P0. */
#include "mote/depthwiseconv2d.h"
#include "mote/dsp_finish16.h"

/* Constants of a channel. */
typedef struct {
  int32_t weights[6];
  int32_t bias, multiplier, round, shift;
} channel;

/* What the sums of one channel in two rows of outputs need. */
typedef struct {
  const uint32_t *column; /* of the strip: the first output's first one */
  int16_t *out;
  const uint32_t *end; /* the first column of the output pair after the last */
  int32_t pixel_bytes, row_bytes; /* row_bytes 0: there is no second row; it is written first, then overwritten */
  const channel *k;
} strip;

/* Column words r10 and r11, weights W01 and W12. */
#define COLUMN(W01, W12, ROW0, ROW1)           \
  "smlad " ROW0 ", r10, " W01 ", " ROW0 "\n"   \
  "smlabt " ROW0 ", r11, " W12 ", " ROW0 "\n"  \
  "smlatb " ROW1 ", r10, " W01 ", " ROW1 "\n"  \
  "smlad " ROW1 ", r11, " W12 ", " ROW1 "\n"

#define FINISH(sum, saturate)                  \
  "smmla " sum ", " sum ", r8, r9\n"           \
  "asr " sum ", " sum ", r10\n"                \
  saturate(sum)

#define SIGNED(sum) "ssat " sum ", #16, " sum "\n"
#define RELU(sum) "usat " sum ", #15, " sum "\n"

/* r0 column, r1 output, r4 to r9 weights; sums r2, r3 of the left output pixel, r12, lr of the right one. On the stack:
 * weights of the last column, pixel_bytes, row_bytes, end, multiplier, round, bias, shift. */
#define PAIRS(name, saturate)                                                                  \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const strip *s) {  \
    __asm__ volatile(                                                                          \
        ".syntax unified\n"                                                                    \
        "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                        \
        "sub sp, sp, #36\n"                                                                    \
        "ldm r0, {r0, r1, r2, r3, r4, r5}\n"                                                   \
        "strd r3, r4, [sp, #8]\n"                                                              \
        "str r2, [sp, #16]\n"                                                                  \
        "ldr r2, [r5, #24]\n"                                                                  \
        "ldrd r6, r7, [r5, #28]\n"                                                             \
        "ldr r8, [r5, #36]\n"                                                                  \
        "strd r6, r7, [sp, #20]\n"                                                             \
        "strd r2, r8, [sp, #28]\n"                                                             \
        "ldm r5, {r4, r5, r6, r7, r8, r9}\n"                                                   \
        "strd r8, r9, [sp]\n"                                                                  \
        "1:\n"                                                                                 \
        "ldr r2, [sp, #28]\n"                                                                  \
        "ldrd r10, r11, [r0]\n"                                                                \
        "mov r3, r2\n"                                                                         \
        "mov r12, r2\n"                                                                        \
        "mov lr, r2\n"                                                                         \
        COLUMN("r4", "r5", "r2", "r3")                                                         \
        "ldrd r10, r11, [r0, #16]\n"                                                           \
        COLUMN("r6", "r7", "r2", "r3")                                                         \
        COLUMN("r4", "r5", "r12", "lr")                                                        \
        "ldrd r10, r11, [r0, #32]!\n"                                                          \
        COLUMN("r8", "r9", "r2", "r3")                                                         \
        COLUMN("r6", "r7", "r12", "lr")                                                        \
        "ldrd r10, r11, [r0, #16]\n"                                                           \
        COLUMN("r8", "r9", "r12", "lr")                                                        \
        "ldrd r8, r9, [sp, #20]\n"                                                             \
        "ldr r10, [sp, #32]\n"                                                                 \
        FINISH("r2", saturate)                                                                 \
        FINISH("r3", saturate)                                                                 \
        FINISH("r12", saturate)                                                                \
        FINISH("lr", saturate)                                                                 \
        "ldrd r10, r11, [sp, #8]\n"                                                            \
        "strh r3, [r1, r11]\n"                                                                 \
        "strh r2, [r1]\n"                                                                      \
        "add r1, r1, r10\n"                                                                    \
        "strh lr, [r1, r11]\n"                                                                 \
        "strh r12, [r1]\n"                                                                     \
        "add r1, r1, r10\n"                                                                    \
        "ldr r10, [sp, #16]\n"                                                                 \
        "ldrd r8, r9, [sp]\n"                                                                  \
        "cmp r0, r10\n"                                                                        \
        "bne 1b\n"                                                                             \
        "add sp, sp, #36\n"                                                                    \
        "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");                                       \
  }

PAIRS(signed_pairs, SIGNED)
PAIRS(relu_pairs, RELU)

enum { column_words = 4 };

/* Two pixels of both channels at (row, column 0); zeros outside the image. */
typedef struct {
  const int16_t *x;
  int32_t step;
} row_source;

static const int16_t zeros[2] = {0, 0};

static row_source row_of(const mote_depthwiseconv2d_s16s8_3x3 *p, const int16_t *input, int32_t y) {
  row_source source = {zeros, 0};
  if ((uint32_t)y < (uint32_t)p->in_h) {
    source.x = input + y * p->in_w * p->channels;
    source.step = p->channels;
  }
  return source;
}

/* Moves the strip down: the lower two rows become the upper ones, and rows y and y + 1 come in below. */
static void move_down(const mote_depthwiseconv2d_s16s8_3x3 *p, const int16_t *input, int32_t y, uint32_t *strip_words,
                      int32_t columns) {
  row_source a = row_of(p, input, y);
  row_source b = row_of(p, input, y + 1);
  uint32_t *at = strip_words + p->pad_left * column_words;
#pragma GCC unroll 1
  for (const uint32_t *const end = at + columns * column_words; at != end; at += column_words) {
    uint32_t upper, lower;
    __builtin_memcpy(&upper, a.x, 4);
    __builtin_memcpy(&lower, b.x, 4);
    at[0] = at[1];
    at[1] = (upper & 0xFFFFu) | (lower << 16);
    at[2] = at[3];
    at[3] = (lower & 0xFFFF0000u) | (upper >> 16);
    a.x += a.step;
    b.x += b.step;
  }
}

static void run(const mote_depthwiseconv2d_s16s8_3x3 *p, const strip *s) {
  if (p->mode == MOTE_DSP16_RELU)
    relu_pairs(s);
  else
    signed_pairs(s);
}

/* One channel of two rows of outputs; an odd last pixel is made with the one before it again. */
static void two_rows(const mote_depthwiseconv2d_s16s8_3x3 *p, const uint32_t *words, const channel *k, int16_t *out,
                     int32_t second_row) {
  const int32_t even = p->out_w & ~1;
  strip s = {words, out, words + even * column_words, 2 * p->channels, second_row ? 2 * p->out_w * p->channels : 0, k};
  run(p, &s);
  if (even == p->out_w) return;
  s.column = words + (even - 1) * column_words;
  s.end = s.column + 2 * column_words;
  s.out = out + (even - 1) * p->channels;
  run(p, &s);
}

void mote_depthwiseconv2d_s16s8_3x3__dsp(const mote_depthwiseconv2d_s16s8_3x3 *p, const int16_t *input,
                                         int16_t *output, void *scratch) {
  uint32_t *const words = scratch;
  const int32_t width = p->out_w + 2;
  const int32_t columns = p->in_w < width - p->pad_left ? p->in_w : width - p->pad_left;
  const channel *k = (const channel *)p->constants;
  for (int32_t i = 0; i < width * column_words; i++) words[i] = 0;
  for (int32_t c = 0; c < p->channels; c += 2) {
    const int32_t at = c + 2 <= p->channels ? c : p->channels - 2;
    move_down(p, input + at, -p->pad_top, words, columns);
    for (int32_t y = 0; y < p->out_h; y += 2) {
      int16_t *const out = output + y * p->out_w * p->channels + at;
      move_down(p, input + at, y + 2 - p->pad_top, words, columns);
      two_rows(p, words, k, out, y + 1 < p->out_h);
      two_rows(p, words + 2, k + 1, out + 1, y + 1 < p->out_h);
    }
    k += 2;
  }
  if (p->clamped) mote_dsp16_clamp(output, p->out_h * p->out_w * p->channels, p->output_min, p->output_max);
}
