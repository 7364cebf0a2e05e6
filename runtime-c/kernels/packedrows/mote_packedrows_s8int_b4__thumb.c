/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer with int4 weights for Armv6-M, two channels at a time (packedrows.h). */
#include "mote/packedrows_gather.h"
#include "mote/thumb_requantize.h"

enum { CHANNELS = 16 }; /* whose outputs are finished together */

/* Of the sums over all runs of a segment: all of each, and its upper half. */
typedef struct {
  int32_t words, high;
} row_sums;

#ifdef __thumb__
#define PRODUCT(x)     \
  "ands r2, r3\n"      \
  "muls " x ", r2, " x "\n" \
  "adds r5, r5, " x "\n"
#define FOUR                                 \
  "ldmia r6!, {r4}\n"                        \
  "ldmia r7!, {r0, r1}\n"                    \
  "mov r2, r4\n" PRODUCT("r0")               \
  "lsrs r2, r4, #4\n" PRODUCT("r1")          \
  "ldmia r7!, {r0, r1}\n"                    \
  "lsrs r2, r4, #8\n" PRODUCT("r0")          \
  "lsrs r2, r4, #12\n" PRODUCT("r1")

/* r3 mask, r4 word, r5 sum of the run, r6 words, r7 inputs, r8 and r9 the totals, r10 where the inputs end, r12 2^15. */
__attribute__((naked, noinline)) static void sum_segment(const int32_t *x, const int32_t *end, const int32_t *codes,
                                                        row_sums *sums) {
  __asm volatile(
      ".syntax unified\n"
      "push {r3, r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "push {r4, r5, r6}\n"
      "mov r7, r0\n"
      "mov r10, r1\n"
      "mov r6, r2\n"
      "movs r3, #15\n"
      "lsls r0, r3, #16\n"
      "adds r3, r3, r0\n"
      "movs r0, #0\n"
      "mov r8, r0\n"
      "mov r9, r0\n"
      "movs r0, #128\n"
      "lsls r0, r0, #8\n"
      "mov r12, r0\n"
      "1:\n"
      "mov r5, r12\n" FOUR FOUR FOUR FOUR
      "add r8, r5\n"
      "asrs r5, r5, #16\n"
      "add r9, r5\n"
      "cmp r7, r10\n"
      "bne 1b\n"
      "ldr r0, [sp, #12]\n"
      "mov r1, r8\n"
      "mov r2, r9\n"
      "stmia r0!, {r1, r2}\n"
      "pop {r4, r5, r6}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "pop {r3, r4, r5, r6, r7, pc}\n");
}
#else /* the same for the host */
static void sum_segment(const int32_t *x, const int32_t *end, const int32_t *codes, row_sums *sums) {
  uint32_t words = 0;
  int32_t high = 0;
  while (x != end) {
    uint32_t run = 1u << 15;
    for (int32_t i = 0; i < MOTE_ROWS_RUN; i++)
      run += ((uint32_t)codes[i >> 2] >> (4 * (i & 3)) & 0x000F000Fu) * (uint32_t)*x++;
    codes += MOTE_ROWS_RUN / 4;
    words += run;
    high += (int32_t)run >> 16;
  }
  sums->words = (int32_t)words;
  sums->high = high;
}
#endif

/* Sums of a pair of channels from its words on. */
static void sum_pair(const mote_packedrows_s8int_b4 *p, const int32_t *x, const int32_t *codes, const uint8_t *scales,
                     int32_t acc[2]) {
  const int32_t width = mote_rows_width(p);
  const int32_t *eight = x + width;
  for (int32_t at = 0; at < width; at += p->segment) {
    const int32_t count = width - at < p->segment ? width - at : p->segment;
    row_sums s;
    sum_segment(x + at, x + at + count, codes, &s);
    codes += count / 4;
    int32_t low = (int32_t)((uint32_t)s.words - ((uint32_t)s.high << 16)) - (count << (15 - 4)) - *eight;
    int32_t high = s.high - *eight++;
    if (scales) {
      low *= *scales++;
      high *= *scales++;
    }
    acc[0] += low;
    acc[1] += high;
  }
}

void mote_packedrows_s8int_b4__thumb(const mote_packedrows_s8int_b4 *p, const int8_t *input, int8_t *output,
                                     void *scratch) {
  const int32_t width = mote_rows_width(p);
  const int32_t segments = (width + p->segment - 1) / p->segment;
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, 1, p->signs, 0, 0, 0, 4, 0, 4};
  for (int32_t row = 0; row < p->rows; row++) {
    const int32_t *codes = p->codes;
    const uint8_t *scales = p->scales;
    mote_rows_gather(p, input, scratch);
    input += p->in_c;
    job.scale = (const mote_thumb_scale *)p->scale;
    for (int32_t c = 0; c < p->out_c; c += CHANNELS) {
      const int32_t channels = p->out_c - c < CHANNELS ? p->out_c - c : CHANNELS;
      int32_t acc[CHANNELS];
      for (int32_t i = 0; i < channels; i += 2) {
        acc[i] = p->bias[c + i];
        acc[i + 1] = i + 1 < channels ? p->bias[c + i + 1] : 0;
        sum_pair(p, scratch, codes, scales, acc + i);
        codes += width / 4;
        if (scales) scales += 2 * segments;
      }
      job.acc = acc;
      job.output = output;
      job.channels = channels;
      mote_thumb_finish_channels(&job);
      output += channels;
    }
  }
}
