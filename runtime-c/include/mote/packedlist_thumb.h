/* SPDX-License-Identifier: Apache-2.0 */
/* packedlist.h for Armv6-M. */
#include "mote/packedlist_drive.h"
#include "mote/thumb_requantize.h"

#ifdef __thumb__
/* Entry n (0 to 7) of a full run: r5 is at its weights, r6 at the words, r7 at its skips; r8 to r11 are the sums. */
#define MOTE_LIST_PRODUCTS(n)       \
  "adds r6, r6, r0\n"               \
  "movs r4, #" n "\n"               \
  "ldrsb r4, [r5, r4]\n"            \
  "ldmia r6!, {r0, r1, r2, r3}\n"   \
  "muls r0, r4, r0\n"               \
  "muls r1, r4, r1\n"               \
  "muls r2, r4, r2\n"               \
  "muls r3, r4, r3\n"               \
  "add r8, r0\n"                    \
  "add r9, r1\n"                    \
  "add r10, r2\n"                   \
  "add r11, r3\n"
#define MOTE_LIST_TWO(half, even, odd) \
  "ldrb r0, [r7, #" half "]\n"        \
  "lsls r0, r0, #28\n"                \
  "lsrs r0, r0, #24\n"                \
  MOTE_LIST_PRODUCTS(even)            \
  "ldrb r0, [r7, #" half "]\n"        \
  "lsrs r0, r0, #4\n"                 \
  "lsls r0, r0, #4\n"                 \
  MOTE_LIST_PRODUCTS(odd)
#define MOTE_LIST_TOTAL(sum)      \
  "mov r0, " sum "\n"             \
  "asrs r1, r0, #16\n"            \
  "ldr r2, [r3, #0]\n"            \
  "ldr r4, [r3, #4]\n"            \
  "adds r0, r0, r2\n"             \
  "adds r1, r1, r4\n"             \
  "stmia r3!, {r0, r1}\n"

/* Adds a channel to the totals. An entry takes 30 bytes of code. r12 2^15, lr the channel. */
__attribute__((naked, noinline)) static void mote_sum_list(mote_list_channel *channel) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r4, r5, r6, r7}\n"
      "mov lr, r0\n"
      "ldr r5, [r0, #0]\n"
      "ldr r7, [r0, #4]\n"
      "ldr r6, [r0, #12]\n"
      "movs r1, #128\n"
      "lsls r1, r1, #8\n"
      "mov r12, r1\n"
      "1:\n" /* a run */
      "mov r3, lr\n"
      "ldr r2, [r3, #8]\n"
      "ldrb r0, [r2]\n"
      "adds r2, #1\n"
      "str r2, [r3, #8]\n"
      "cmp r0, #0\n"
      "bne 2f\n"
      "str r5, [r3, #0]\n"
      "str r7, [r3, #4]\n"
      "pop {r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n"
      "2:\n" /* r5 and r7 go back to where a full run with these last entries would begin */
      "mov r8, r12\n"
      "mov r9, r12\n"
      "mov r10, r12\n"
      "mov r11, r12\n"
      "movs r1, #8\n"
      "subs r1, r1, r0\n"
      "subs r5, r5, r1\n"
      "lsrs r2, r1, #1\n"
      "subs r7, r7, r2\n"
      "movs r2, #30\n"
      "muls r1, r2, r1\n"
      "add pc, r1\n"
      "nop\n" /* pc reads as two instructions ahead */
      MOTE_LIST_TWO("0", "0", "1") MOTE_LIST_TWO("1", "2", "3") MOTE_LIST_TWO("2", "4", "5")
      MOTE_LIST_TWO("3", "6", "7")
      "adds r5, #8\n"
      "adds r7, #4\n"
      "mov r3, lr\n"
      "adds r3, #16\n" MOTE_LIST_TOTAL("r8") MOTE_LIST_TOTAL("r9") MOTE_LIST_TOTAL("r10") MOTE_LIST_TOTAL("r11")
      "b 1b\n");
}
#else /* the same for the host */
#include "mote/packedlist_sum.h"
#endif

static void mote_convolve(const mote_packedpairs *p, const int8_t *input, int8_t *output, void *scratch) {
  const int32_t taps = p->segment;
  uint32_t *const words = scratch;
  int8_t *const zeros = (int8_t *)(words + 4 * (taps + 1));
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, p->out_c, p->signs, 0, 0, 0, 0, 0, 0};
  if (p->padded) memset(zeros, p->input_zero_point, (uint32_t)p->in_c);
  int32_t y = 0;
  int32_t x = 0;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= MOTE_TILE) {
    const int32_t pixels = left < MOTE_TILE ? left : MOTE_TILE;
    mote_corners at;
    mote_place_tile(p, &y, &x, left, &at);
    mote_gather_tile(p, MOTE_PLAIN_WORDS, taps, input, zeros, &at, pixels, words);
    mote_list_channel channel = {p->values, p->skips, p->runs, words + 4, {0}};
    const int32_t *bias = p->bias;
    job.scale = (const mote_thumb_scale *)p->scale;
    job.acc_bytes = 4 * pixels;
    job.output = output;
    for (int32_t c = 0; c < p->out_c; c++) {
      mote_list_start(channel.totals, bias);
      mote_sum_list(&channel);
      mote_list_settle(channel.totals, bias);
      bias += 2;
      job.acc = channel.totals;
      job.channels = 1;
      mote_thumb_finish_channels(&job);
    }
    output += pixels * p->out_c;
  }
}
