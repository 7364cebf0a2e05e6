/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's F(2x2, 3x3) for Armv6-M, four tiles by eight channels: 10 instructions for 4 products. Transformed inputs
 * take a word each, so that LDM brings four tiles at once. */
#include "mote/winograd.h"

#include <string.h>

#include "mote/thumb_requantize.h"

#define MOTE_WINOGRAD_VALUE int32_t
#include "mote/winograd_tiles.h"

enum { TILES = MOTE_WINOGRAD_TILES, CHANNELS = 8, PIXELS = 2 * TILES };

/* Sums of the tiles by channels. */
typedef struct {
  int32_t of[CHANNELS][TILES];
} sums;

#ifdef __thumb__
/* One input channel: r4 walks the tiles; r6 + r4 is the weight of this output channel. */
#define STEP                       \
  "ldmia r4!, {r0, r1, r2, r3}\n"  \
  "ldrsh r5, [r6, r4]\n"           \
  "muls r0, r5, r0\n"              \
  "muls r1, r5, r1\n"              \
  "muls r2, r5, r2\n"              \
  "muls r3, r5, r3\n"              \
  "add r8, r0\n"                   \
  "add r9, r1\n"                   \
  "add r10, r2\n"                  \
  "add r11, r3\n"

/* Adds one position's products over all input channels (a multiple of 4), tiles from x to x_end, to `from`. r7 end of the
 * tiles, r8 to r11 sums, r12 from, lr to; on the stack: x, then the saved registers, then to. */
__attribute__((naked, noinline)) static void add_position(
    __attribute__((unused)) const int32_t *x, __attribute__((unused)) const int16_t *w,
    __attribute__((unused)) const int32_t *x_end, __attribute__((unused)) const sums *from,
    __attribute__((unused)) sums *to) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r0, r4, r5, r6, r7}\n"
      "mov r12, r3\n"
      "ldr r3, [sp, #40]\n"
      "mov lr, r3\n"
      "adds r3, #128\n"
      "push {r3}\n" /* end of to; x is at sp + 4 */
      "subs r6, r1, r0\n"
      "subs r6, #16\n" /* the tiles' pointer is a step ahead */
      "mov r7, r2\n"
      "1:\n"
      "mov r1, r12\n"
      "ldmia r1!, {r2, r3, r4, r5}\n"
      "mov r12, r1\n"
      "mov r8, r2\n"
      "mov r9, r3\n"
      "mov r10, r4\n"
      "mov r11, r5\n"
      "ldr r4, [sp, #4]\n"
      "2:\n"
      STEP STEP STEP STEP
      "cmp r4, r7\n"
      "bne 2b\n"
      "mov r1, lr\n"
      "mov r2, r8\n"
      "mov r3, r9\n"
      "mov r4, r10\n"
      "mov r5, r11\n"
      "stmia r1!, {r2, r3, r4, r5}\n"
      "mov lr, r1\n"
      "adds r6, #2\n"
      "ldr r0, [sp]\n"
      "cmp r1, r0\n"
      "bne 1b\n"
      "pop {r2, r3, r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#else
/* The same in C, for the host module. */
static void add_position(const int32_t *x, const int16_t *w, const int32_t *x_end, const sums *from, sums *to) {
  sums made = *from;
  for (; x != x_end; x += TILES, w += CHANNELS) {
    for (int32_t c = 0; c < CHANNELS; c++) {
      for (int32_t t = 0; t < TILES; t++) made.of[c][t] += w[c] * x[t];
    }
  }
  *to = made;
}
#endif

/* Outputs times 4 of a group: both rows, channel by channel. */
typedef struct {
  int32_t of[2][CHANNELS][PIXELS];
} outputs;

/* What columns v = 1, 0, 2, 3 give the even and the odd pixels of a tile. */
static const int8_t even_factor[4] = {1, 1, 1, 0};
static const int8_t odd_factor[4] = {1, 0, -1, -1};

static void add_to_row(int32_t v, const sums *s, int32_t (*row)[PIXELS]) {
  const int32_t even = even_factor[v];
  const int32_t odd = odd_factor[v];
  const int32_t *from = &s->of[0][0];
  int32_t *to = &row[0][0];
  for (const int32_t *const end = to + CHANNELS * PIXELS; to != end; to += 2) {
    const int32_t sum = *from++;
    if (even) to[0] += sum;
    if (odd > 0) to[1] += sum;
    if (odd < 0) to[1] -= sum;
  }
}

/* Eight channels of all tiles, times 4. */
static const int16_t *add_channels(const int32_t *x, const int16_t *w, int32_t in_c, const int32_t *bias,
                                   outputs *made) {
  const int32_t position = TILES * in_c;
  const int32_t weights = CHANNELS * in_c;
  sums q;
  sums q2;
  sums row;
  memset(made, 0, sizeof *made);
  for (int32_t c = 0; c < CHANNELS; c++) {
    for (int32_t t = 0; t < TILES; t++) q.of[c][t] = bias[c];
  }
  for (int32_t v = 0; v < 4; v++) {
    add_position(x, w, x + position, &q, &q);
    add_position(x + position, w + weights, x + 2 * position, &q, &q2);
    add_position(x + 2 * position, w + 2 * weights, x + 3 * position, &q2, &row);
    add_to_row(v, &row, made->of[0]);
    int32_t *first = &q.of[0][0];
    const int32_t *second = &q2.of[0][0];
    for (int32_t i = 0; i < CHANNELS * TILES; i++) first[i] = 2 * first[i] - second[i];
    add_position(x + 3 * position, w + 3 * weights, x + 4 * position, &q, &row);
    add_to_row(v, &row, made->of[1]);
    memset(&q, 0, sizeof q);
    x += 4 * position;
    w += 4 * weights;
  }
  int32_t *y = &made->of[0][0][0];
  for (int32_t i = 0; i < 2 * CHANNELS * PIXELS; i++) y[i] >>= 2;
  return w;
}

void mote_winograd_s8s8_words__thumb_4x8(const mote_winograd_s8s8_words *p, const int8_t *input, int8_t *output,
                                         void *scratch) {
  int32_t *const tiles = (int32_t *)scratch;
  const int32_t in_c = p->in_c;
  const int32_t out_c = p->out_c;
  int8_t *const zeros = (int8_t *)(tiles + 16 * TILES * in_c);
  const mote_winograd_image image = {p->in_h, p->in_w, in_c};
  const mote_winograd_steps steps = {TILES * in_c, TILES};
  const int8_t *at[4 * MOTE_WINOGRAD_COLUMNS];
  outputs made;
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, out_c, p->signs, 0, 0, 0, 0, 0, 4 * PIXELS};
  memset(zeros, p->input_zero_point, (uint32_t)in_c);
  for (int32_t y = 0; y < p->out_h; y += 2) {
    for (int32_t x = 0; x < p->out_w; x += PIXELS) {
      mote_winograd_pixels(&image, input, zeros, y - p->pad_top, x - p->pad_left, at);
      mote_winograd_transform(at, in_c, tiles, steps);
      job.acc_bytes = 4 * (p->out_w - x < PIXELS ? p->out_w - x : PIXELS);
      const int16_t *w = p->weights;
      for (int32_t c = 0; c < out_c; c += CHANNELS) {
        w = add_channels(tiles, w, in_c, p->bias + c, &made);
        for (int32_t row = 0; row < 2 && y + row < p->out_h; row++) {
          job.acc = &made.of[row][0][0];
          job.scale = (const mote_thumb_scale *)p->scale + c;
          job.output = output + ((y + row) * p->out_w + x) * out_c + c;
          job.channels = out_c - c < CHANNELS ? out_c - c : CHANNELS;
          mote_thumb_finish_channels(&job);
        }
      }
    }
  }
}
