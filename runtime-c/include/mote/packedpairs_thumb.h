/* SPDX-License-Identifier: Apache-2.0 */
/* packedpairs.h for Armv6-M, one channel at a time. The file that includes this says MOTE_CODE_BITS and MOTE_CODES (of a
 * word) and MOTE_PAIRS_BLOCK (a word's taps). */
#include "mote/packedpairs_gather.h"
#include "mote/thumb_requantize.h"

/* One channel of a tile. The totals of a pair are those of its sums and of their upper halves. */
typedef struct {
  const int32_t *codes;
  const uint8_t *runs;
  const uint32_t *words;
  const uint32_t *end;
  int32_t totals[MOTE_TILE];
} mote_channel_sums;

#ifdef __thumb__
/* A tap whose weight is in `w`: r7 walks the words, r8 to r11 are the run's sums. */
#define MOTE_PAIRS_PRODUCTS(w)      \
  "ldmia r7!, {r0, r1, r2, r3}\n"   \
  "muls r0, " w ", r0\n"            \
  "muls r1, " w ", r1\n"            \
  "muls r2, " w ", r2\n"            \
  "muls r3, " w ", r3\n"            \
  MOTE_PAIRS_ADD
#define MOTE_PAIRS_ADD \
  "add r8, r0\n"       \
  "add r9, r1\n"       \
  "add r10, r2\n"      \
  "add r11, r3\n"
#define MOTE_PAIRS_FIRST MOTE_PAIRS_PRODUCTS("r5")
#define MOTE_PAIRS_TAP(shift) "lsrs r4, r5, #" shift "\n" MOTE_PAIRS_PRODUCTS("r4")

/* The sums of a pair, in `sum`, times r5 to the totals at r3. */
#define MOTE_PAIRS_TOTAL(sum, words, high) \
  "mov r0, " sum "\n"                      \
  "asrs r1, r0, #16\n"                     \
  "muls r0, r5, r0\n"                      \
  "muls r1, r5, r1\n"                      \
  "ldr r2, [r3, #" words "]\n"             \
  "adds r2, r2, r0\n"                      \
  "str r2, [r3, #" words "]\n"             \
  "ldr r2, [r3, #" high "]\n"              \
  "adds r2, r2, r1\n"                      \
  "str r2, [r3, #" high "]\n"

/* Adds a channel to the totals. r5 word of codes, r6 its place, r12 where the run ends, lr the channel. */
__attribute__((naked, noinline)) static void mote_sum_channel(mote_channel_sums *channel) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r4, r5, r6, r7}\n"
      "mov lr, r0\n"
      "ldr r6, [r0, #0]\n"
      "ldr r7, [r0, #8]\n"
      "1:\n" /* a run */
      "mov r3, lr\n"
      "ldr r4, [r3, #4]\n"
      "ldrb r0, [r4]\n"
      "lsls r0, r0, #2\n"
      "adds r0, r0, r6\n"
      "mov r12, r0\n"
      "movs r0, #128\n"
      "lsls r0, r0, #8\n"
      "mov r8, r0\n"
      "mov r9, r0\n"
      "mov r10, r0\n"
      "mov r11, r0\n"
      "2:\n" /* a word of codes */
      "ldmia r6!, {r5}\n"
      "ldmia r7!, {r0, r1, r2, r3}\n" MOTE_PAIRS_ADD MOTE_PAIRS_BLOCK
      "cmp r6, r12\n"
      "beq 3f\n"
      "b 2b\n"
      "3:\n"
      "mov r3, lr\n"
      "ldr r4, [r3, #4]\n"
      "ldrb r5, [r4, #1]\n"
      "adds r4, #2\n"
      "str r4, [r3, #4]\n" MOTE_PAIRS_TOTAL("r8", "16", "20") MOTE_PAIRS_TOTAL("r9", "24", "28")
          MOTE_PAIRS_TOTAL("r10", "32", "36") MOTE_PAIRS_TOTAL("r11", "40", "44")
      "ldr r0, [r3, #12]\n"
      "cmp r7, r0\n"
      "beq 4f\n"
      "b 1b\n"
      "4:\n"
      "str r6, [r3, #0]\n"
      "pop {r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#else /* the same for the host */
static void mote_sum_channel(mote_channel_sums *channel) {
  const uint32_t *x = channel->words;
  while (x != channel->end) {
    uint32_t run[MOTE_TILE / 2] = {1u << 15, 1u << 15, 1u << 15, 1u << 15};
    const uint32_t scale = channel->runs[1];
    for (int32_t left = channel->runs[0]; left > 0; left--) {
      const uint32_t codes = (uint32_t)*channel->codes++;
      for (int32_t i = 0; i < MOTE_TILE / 2; i++) run[i] += *x++;
      for (int32_t k = 0; k < MOTE_CODES; k++)
        for (int32_t i = 0; i < MOTE_TILE / 2; i++) run[i] += (codes >> (MOTE_CODE_BITS * k)) * *x++;
    }
    channel->runs += 2;
    for (int32_t i = 0; i < MOTE_TILE / 2; i++) {
      channel->totals[2 * i] = (int32_t)((uint32_t)channel->totals[2 * i] + scale * run[i]);
      channel->totals[2 * i + 1] += (int32_t)scale * ((int32_t)run[i] >> 16);
    }
  }
}
#endif

/* Totals to accumulators, in place. */
static void mote_settle_totals(int32_t *totals, const int32_t *bias) {
  for (int32_t i = 0; i < MOTE_TILE; i += 2) {
    const int32_t high = totals[i + 1];
    totals[i] = (int32_t)((uint32_t)totals[i] + (uint32_t)bias[1] - ((uint32_t)high << 16));
    totals[i + 1] = high + bias[0];
  }
}

static void mote_convolve(const mote_packedpairs *p, const int8_t *input, int8_t *output, void *scratch) {
  uint32_t *const words = scratch;
  uint32_t *const end = words + p->blocks * (4 * (MOTE_CODES + 1));
  int8_t *const zeros = (int8_t *)end;
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, p->out_c, p->signs, 0, 0, 0, 0, 0, 0};
  if (p->padded) memset(zeros, p->input_zero_point, (uint32_t)p->in_c);
  int32_t y = 0;
  int32_t x = 0;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= MOTE_TILE) {
    const int32_t pixels = left < MOTE_TILE ? left : MOTE_TILE;
    mote_corners at;
    mote_place_tile(p, &y, &x, left, &at);
    mote_gather_tile(p, MOTE_CODE_BITS, MOTE_CODES, input, zeros, &at, pixels, words);
    mote_channel_sums channel = {p->codes, p->runs, words, end, {0}};
    const int32_t *bias = p->bias;
    job.scale = (const mote_thumb_scale *)p->scale;
    job.acc_bytes = 4 * pixels;
    job.output = output;
    for (int32_t c = 0; c < p->out_c; c++) {
      memset(channel.totals, 0, sizeof channel.totals);
      mote_sum_channel(&channel);
      mote_settle_totals(channel.totals, bias);
      if (p->outlier_starts) mote_add_outliers(p, words, MOTE_CODE_BITS, MOTE_CODES, c, channel.totals);
      bias += 2;
      job.acc = channel.totals;
      job.channels = 1;
      mote_thumb_finish_channels(&job);
    }
    output += pixels * p->out_c;
  }
}
