/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution for Armv6-M: four output pixels at a time, their windows gathered in scratch as words of two pixels,
 * so that one multiply makes two products (thumb_pairs.h). */
#include <string.h>

#include "mote/conv2d.h"
#include "mote/thumb_pairs.h"
#include "mote/thumb_requantize.h"

#ifdef __thumb__
/* One tap of four pixels: r0, r1 the words, r2 the weight. r4 walks the words; r3 + r4 is the weight of this channel. */
#define TAP                \
  "ldmia r4!, {r0, r1}\n"  \
  "ldrsb r2, [r3, r4]\n"   \
  "muls r0, r2, r0\n"      \
  "muls r1, r2, r1\n"      \
  "adds r5, r5, r0\n"      \
  "adds r6, r6, r1\n"
#define TAPS4 TAP TAP TAP TAP

/* Adds to the totals of `channels` (1 … 8) channels; returns the end of their runs. Naked, for it takes every register: r5, r6
 * sums of the run, r7 runs, r8 to r11 totals, r12 2^15; lr the words' start. */
__attribute__((naked, noinline)) static const uint8_t *sums_of_channels(const int32_t *words, const int8_t *weights,
                                                                       const uint8_t *runs, mote_pair_sums *sums,
                                                                       int32_t channels) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r3, r4, r5, r6, r7}\n" /* sums at sp, channels at sp + 40 */
      "mov lr, r0\n"
      "subs r3, r1, r0\n"
      "subs r3, #8\n" /* the words' pointer is a tap ahead */
      "mov r7, r2\n"
      "movs r0, #1\n"
      "lsls r0, r0, #15\n"
      "mov r12, r0\n"
      "1:\n" /* a channel */
      "ldr r2, [sp]\n"
      "ldmia r2!, {r0, r1}\n"
      "mov r8, r0\n"
      "mov r9, r1\n"
      "ldmia r2!, {r0, r1}\n"
      "mov r10, r0\n"
      "mov r11, r1\n"
      "mov r4, lr\n"
      "mov r5, r12\n"
      "mov r6, r12\n"
      "2:\n" /* a run */
      "ldrb r0, [r7]\n"
      "adds r7, #1\n"
      "lsls r0, r0, #1\n"
      "add pc, r0\n"
      "nop\n" /* pc reads as two instructions ahead */
      TAPS4 TAPS4 TAPS4 TAPS4
      "add r8, r5\n"
      "asrs r5, r5, #16\n"
      "add r9, r5\n"
      "mov r5, r12\n"
      "add r10, r6\n"
      "asrs r6, r6, #16\n"
      "add r11, r6\n"
      "mov r6, r12\n"
      "b 2b\n"
      "ldr r2, [sp]\n" /* MOTE_PAIRS_END */
      "mov r0, r8\n"
      "mov r1, r9\n"
      "stmia r2!, {r0, r1}\n"
      "mov r0, r10\n"
      "mov r1, r11\n"
      "stmia r2!, {r0, r1}\n"
      "str r2, [sp]\n"
      "adds r3, #1\n"
      "ldr r0, [sp, #40]\n"
      "subs r0, #1\n"
      "str r0, [sp, #40]\n"
      "beq 3f\n"
      "b 1b\n" /* too far for a condition */
      "3:\n"
      "mov r0, r7\n"
      "pop {r3, r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#else /* the same for the host */
static const uint8_t *sums_of_channels(const int32_t *words, const int8_t *weights, const uint8_t *runs,
                                       mote_pair_sums *sums, int32_t channels) {
  for (int32_t c = 0; c < channels; c++) {
    uint32_t totals[2] = {(uint32_t)sums[c].words01, (uint32_t)sums[c].words23};
    int32_t highs[2] = {sums[c].high1, sums[c].high3};
    int32_t tap = 0;
    while (*runs != MOTE_PAIRS_END) {
      uint32_t run[2] = {1u << 15, 1u << 15};
      for (int32_t left = MOTE_PAIRS_MAX_RUN - *runs++ / MOTE_PAIRS_STEP; left > 0; left--) {
        const uint32_t w = (uint32_t)(int32_t)weights[tap * MOTE_PAIRS_CHANNELS + c];
        run[0] += w * (uint32_t)words[2 * tap];
        run[1] += w * (uint32_t)words[2 * tap + 1];
        tap++;
      }
      for (int32_t i = 0; i < 2; i++) {
        totals[i] += run[i];
        highs[i] += (int32_t)run[i] >> 16;
      }
    }
    runs++;
    const mote_pair_sums made = {(int32_t)totals[0], highs[0], (int32_t)totals[1], highs[1]};
    sums[c] = made;
  }
  return runs;
}
#endif

/* Words of `count` neighbouring taps: pixels 0 and 1, pixels 2 and 3. */
static uint32_t *gather(uint32_t *to, const int8_t *const at[4], int32_t count) {
  const int8_t *a = at[0];
  const int8_t *b = at[1];
  const int8_t *c = at[2];
  const int8_t *d = at[3];
  for (int32_t i = 0; i < count; i++) {
    to[0] = (uint32_t)(int32_t)a[i] + ((uint32_t)(int32_t)b[i] << 16);
    to[1] = (uint32_t)(int32_t)c[i] + ((uint32_t)(int32_t)d[i] << 16);
    to += 2;
  }
  return to;
}

/* Where the windows of four pixels start in the image. */
typedef struct {
  int32_t y[4], x[4];
} corners;

/* The windows' taps as words. Rows whose windows lie inside the image from left to right are gathered at once; taps
 * outside the image are read from `zeros`, kernel_w * in_c input zero points. */
static void gather_windows(const mote_conv2d_s8s8_pairs *p, const int8_t *input, const corners *at, uint32_t *to,
                           const int8_t *zeros, int32_t first_row) {
  int whole = p->dilation_w == 1;
  for (int32_t i = 0; i < 4; i++) whole = whole && at->x[i] >= 0 && at->x[i] + p->kernel_w <= p->in_w;
  const int32_t steps = whole ? 1 : p->kernel_w;
  const int32_t count = whole ? p->kernel_w * p->in_c : p->in_c;
  for (int32_t ky = first_row; ky < first_row + p->slice_rows; ky++) {
    for (int32_t kx = 0; kx < steps; kx++) {
      const int8_t *from[4];
      for (int32_t i = 0; i < 4; i++) {
        const int32_t y = at->y[i] + ky * p->dilation_h;
        const int32_t x = at->x[i] + kx * p->dilation_w;
        const int inside = y >= 0 && y < p->in_h && x >= 0 && x < p->in_w;
        from[i] = inside ? input + (y * p->in_w + x) * p->in_c : zeros;
      }
      to = gather(to, from, count);
    }
  }
}

/* Totals to accumulators, in place. */
static void add_bias(mote_pair_sums *sums, const mote_pair_bias *b, int32_t channels) {
  for (int32_t i = 0; i < channels; i++) {
    const int32_t bias = b[i].bias;
    const uint32_t even_bias = (uint32_t)b[i].even_bias;
    sums[i].words01 = (int32_t)((uint32_t)sums[i].words01 + even_bias - ((uint32_t)sums[i].high1 << 16));
    sums[i].words23 = (int32_t)((uint32_t)sums[i].words23 + even_bias - ((uint32_t)sums[i].high3 << 16));
    sums[i].high1 += bias;
    sums[i].high3 += bias;
  }
}

/* Four pixels (fewer at the end, with the last one again) of all channels. */
static void group(const mote_conv2d_s8s8_pairs *p, const int8_t *input, const corners *at, uint32_t *words,
                  mote_thumb_finish *job) {
  static const mote_pair_sums nothing = {0, 0, 0, 0};
  const int32_t taps = p->slice_rows * p->kernel_w * p->in_c;
  mote_pair_sums *const kept = (mote_pair_sums *)(words + 2 * taps);
  const int sliced = p->slice_rows < p->kernel_h;
  const int8_t *const zeros = (const int8_t *)(sliced ? kept + p->out_c : kept);
  const int8_t *weights = p->weights;
  const uint8_t *runs = p->runs;
  mote_pair_sums block[MOTE_PAIRS_CHANNELS];
  job->scale = (const mote_thumb_scale *)p->scale;
  for (int32_t row = 0; row < p->kernel_h; row += p->slice_rows) {
    gather_windows(p, input, at, words, zeros, row);
    for (int32_t c = 0; c < p->out_c; c += MOTE_PAIRS_CHANNELS) {
      const int32_t channels = p->out_c - c < MOTE_PAIRS_CHANNELS ? p->out_c - c : MOTE_PAIRS_CHANNELS;
      mote_pair_sums *const sums = sliced ? kept + c : block;
      if (row == 0) {
        for (int32_t i = 0; i < channels; i++) sums[i] = nothing;
      }
      runs = sums_of_channels((const int32_t *)words, weights, runs, sums, channels);
      weights += taps * MOTE_PAIRS_CHANNELS;
      if (row + p->slice_rows < p->kernel_h) continue;
      add_bias(sums, (const mote_pair_bias *)p->bias + c, channels);
      job->acc = (const int32_t *)sums;
      job->channels = channels;
      mote_thumb_finish_channels(job);
    }
  }
}

/* Input zero points, behind the words and sums, for taps outside the image. */
static void fill_zeros(const mote_conv2d_s8s8_pairs *p, int8_t *scratch) {
  const int32_t row = p->kernel_w * p->in_c;
  const int32_t sums = p->slice_rows < p->kernel_h ? p->out_c * (int32_t)sizeof(mote_pair_sums) : 0;
  if (p->padded) memset(scratch + 8 * p->slice_rows * row + sums, p->input_zero_point, (uint32_t)row);
}

void mote_conv2d_s8s8_pairs__thumb(const mote_conv2d_s8s8_pairs *p, const int8_t *input, int8_t *output,
                                   void *scratch) {
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, p->out_c, p->signs, 0, 0, 0, 0, 0,
                           sizeof(mote_pair_sums)};
  int32_t left = p->out_h * p->out_w;
  int32_t y = 0;
  int32_t x = 0;
  fill_zeros(p, scratch);
  while (left > 0) {
    corners at;
    const int32_t pixels = left < 4 ? left : 4;
    for (int32_t i = 0; i < 4; i++) {
      at.y[i] = y * p->stride_h - p->pad_top;
      at.x[i] = x * p->stride_w - p->pad_left;
      if (i + 1 >= left) continue; /* the last pixel again */
      if (++x == p->out_w) {
        x = 0;
        y++;
      }
    }
    job.output = output;
    job.acc_bytes = 4 * pixels;
    group(p, input, &at, scratch, &job);
    output += pixels * p->out_c;
    left -= pixels;
  }
}
