/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 fully connected layer by DSP instructions, one row by four channels, sums of 32 bits: 19 instructions for
 * 16 products. For filters that cannot sum beyond 32 bits, which the packer has added up. */
#include <string.h>

#include "mote/dsp_finish16.h"
#include "mote/fullyconnected.h"

/* Read by LDM. */
typedef struct {
  const int16_t *x;
  const int16_t *x_end;
  const int32_t *w;
  const int32_t *w_end;
  int16_t *out;
  int32_t mode;
} block;

#define CHANNELS(w, x, even, odd)                \
  "sxtb16 lr, " w "\n"                           \
  "sxtb16 " w ", " w ", ror #8\n"                \
  "smlad " even ", lr, " x ", " even "\n"        \
  "smlad " odd ", " w ", " x ", " odd "\n"

/* Four taps. */
#define STEP                       \
  "ldr r2, [r0], #4\n"             \
  "ldr r3, [r0], #4\n"             \
  "ldmia r1!, {r4, r5, r6, r7}\n"  \
  CHANNELS("r4", "r2", "r8", "r9") \
  CHANNELS("r5", "r2", "r10", "r11") \
  CHANNELS("r6", "r3", "r8", "r9") \
  CHANNELS("r7", "r3", "r10", "r11")

#define ONE(sum, finish)       \
  "ldmia r1!, {r2, r3, r4}\n"  \
  finish(sum)

#define FOUR(finish) ONE("r8", finish) ONE("r9", finish) ONE("r10", finish) ONE("r11", finish)

/* All blocks from b->w to b->w_end. r0 taps, r1 constants, r2 to r7 and lr operands, r8 to r11 sums, r12 end of the taps.
 * On the stack: the block's fields. */
__attribute__((naked, noinline)) static void blocks(__attribute__((unused)) const block *b) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "sub sp, sp, #24\n"
      "ldm r0, {r2, r3, r4, r5, r6, r7}\n"
      "stm sp, {r2, r3, r4, r5, r6, r7}\n"
      "mov r1, r4\n"
      "mov r12, r3\n"
      "1:\n"
      "ldm r1!, {r8, r9, r10, r11}\n"
      "ldr r0, [sp]\n"
      "sub r2, r12, r0\n"
      "lsls r2, r2, #29\n"
      "bcs 3f\n"
      "2:\n"
      STEP
      "3:\n"
      STEP
      "cmp r0, r12\n"
      "blo 2b\n"
      "ldr r2, [sp, #20]\n"
      "cmp r2, #1\n"
      "beq 5f\n"
      "bhi 6f\n"
      FOUR(MOTE_DSP16_FINISH_SIGNED)
      "4:\n"
      "ldrd r4, r2, [sp, #12]\n"
      "strh r8, [r2], #2\n"
      "strh r9, [r2], #2\n"
      "strh r10, [r2], #2\n"
      "strh r11, [r2], #2\n"
      "str r2, [sp, #16]\n"
      "cmp r1, r4\n"
      "bne 1b\n"
      "add sp, sp, #24\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"
      "5:\n"
      FOUR(MOTE_DSP16_FINISH_RELU)
      "b 4b\n"
      "6:\n"
      FOUR(MOTE_DSP16_FINISH_TFLITE)
      "b 4b\n");
}

/* One row, 4 * steps values; the last, incomplete block goes through `rest`. */
static void one_row(const mote_fullyconnected_s16s8_dsp *p, const int16_t *row, int16_t *output, int16_t *rest) {
  const int32_t whole = p->out_c & ~3;
  const int32_t words = 16 + 4 * p->steps;
  const int32_t *const whole_end = p->weights + (whole >> 2) * words;
  block k = {row, row + 4 * p->steps, p->weights, whole_end, output, p->mode};
  if (whole) blocks(&k);
  if (p->out_c != whole) {
    k.w = whole_end;
    k.w_end = whole_end + words;
    k.out = rest;
    blocks(&k);
    for (int32_t i = 0; i < p->out_c - whole; i++) output[whole + i] = rest[i];
  }
  if (p->clamped) mote_dsp16_clamp(output, p->out_c, p->output_min, p->output_max);
}

void mote_fullyconnected_s16s8_dsp__dsp_1x4(const mote_fullyconnected_s16s8_dsp *p, const int16_t *input,
                                            int16_t *output, void *scratch) {
  const int32_t copied = p->in_c & 3 ? 4 * p->steps : 0;
  int16_t *const copy = (int16_t *)scratch;
  for (int32_t r = 0; r < p->rows; r++) {
    const int16_t *row = input;
    if (copied) {
      memset(copy + copied - 4, 0, 8);
      memcpy(copy, input, 2 * (size_t)p->in_c);
      row = copy;
    }
    one_row(p, row, output, copy + copied);
    input += p->in_c;
    output += p->out_c;
  }
}
