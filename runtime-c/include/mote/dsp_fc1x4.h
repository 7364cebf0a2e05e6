/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer for DSP instructions, one row by four channels: what its kernels share. The row is widened in
 * the loop, for a widened copy would take twice the row's bytes. A kernel first defines MOTE_DSP_STEP (four taps),
 * MOTE_DSP_SPLIT and MOTE_DSP_ODD as for dsp_conv2x4.h. */
#ifndef MOTE_DSP_FC1X4_H
#define MOTE_DSP_FC1X4_H

#include <stdint.h>
#include <string.h>

#include "mote/dsp_block.h"
#include "mote/fullyconnected.h"

#define MOTE_DSP_ONE_TFLITE(sum, doubled) \
  "ldmia r0!, {r2, r3, r4}\n"             \
  doubled(sum)                            \
  MOTE_DSP_ROUND_TFLITE(sum)

#define MOTE_DSP_ONE_SINGLE(sum) \
  "ldmia r0!, {r2, r3, r4}\n"    \
  MOTE_DSP_ROUND_SINGLE(sum)

/* All blocks from b->w to b->w_end. r0 taps, r1 weights, r2 to r7 operands, r8 to r11 sums, r12 end of the taps, lr b. */
__attribute__((naked, noinline)) static void mote_dsp_blocks(__attribute__((unused)) mote_dsp_block *b) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "mov lr, r0\n"
      "ldr r12, [lr, #4]\n"
      "ldr r1, [lr, #12]\n"
      "1:\n"
      "ldr r2, [lr, #20]\n"
      "ldm r2, {r8, r9, r10, r11}\n"
      "ldr r0, [lr]\n"
      /* Steps over a multiple of 4 one by one. */
      "ldr r2, [lr, #8]\n"
      "lsls r2, r2, #30\n"
      "beq 4f\n"
      "2:\n"
      "str r2, [lr, #28]\n"
      MOTE_DSP_STEP
      "ldr r2, [lr, #28]\n"
      "subs r2, r2, #0x40000000\n"
      "bne 2b\n"
      "cmp r0, r12\n"
      "beq 6f\n"
      "4:\n"
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      "cmp r0, r12\n"
      "bne 4b\n"
      "6:\n"
      MOTE_DSP_SPLIT
      "ldr r4, [lr, #32]\n"
      "ldr r0, [lr, #20]\n"
      "adds r0, r0, #16\n"
      "cmp r4, #0\n"
      "bne 7f\n"
      MOTE_DSP_ONE_TFLITE("r8", MOTE_DSP_EVEN)
      MOTE_DSP_ONE_TFLITE("r9", MOTE_DSP_ODD)
      MOTE_DSP_ONE_TFLITE("r10", MOTE_DSP_EVEN)
      MOTE_DSP_ONE_TFLITE("r11", MOTE_DSP_ODD)
      "b 8f\n"
      "7:\n"
      MOTE_DSP_ONE_SINGLE("r8")
      MOTE_DSP_ONE_SINGLE("r9")
      MOTE_DSP_ONE_SINGLE("r10")
      MOTE_DSP_ONE_SINGLE("r11")
      "8:\n"
      "ldr r4, [lr, #16]\n"
      "ldr r2, [lr, #24]\n"
      "strb r8, [r2], #1\n"
      "strb r9, [r2], #1\n"
      "strb r10, [r2], #1\n"
      "strb r11, [r2], #1\n"
      "str r2, [lr, #24]\n"
      "str r0, [lr, #20]\n"
      "cmp r1, r4\n"
      "bne 1b\n"
      "str r1, [lr, #12]\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

/* One row; the last, incomplete block goes through `rest`. */
static void mote_dsp_row(const mote_fullyconnected_s8s8_dsp *p, const int8_t *row, int8_t *output, int8_t *rest) {
  const int32_t whole = p->out_c & ~3;
  const int32_t *const whole_end = p->weights + whole * p->steps;
  mote_dsp_block k = {row, row + 4 * p->steps, p->steps, p->weights, whole_end, p->channels, output, 0, p->rounding};
  if (whole) mote_dsp_blocks(&k);
  if (p->out_c != whole) {
    k.w_end = whole_end + 4 * p->steps;
    k.out_a = rest;
    mote_dsp_blocks(&k);
    memcpy(output + whole, rest, (size_t)(p->out_c - whole));
  }
  if (p->output_min > -128 || p->output_max < 127) mote_dsp_clamp(output, p->out_c, p->output_min, p->output_max);
}

static inline void mote_dsp_fc1x4(const mote_fullyconnected_s8s8_dsp *p, const int8_t *input, int8_t *output,
                                  void *scratch) {
  const int32_t copied = p->in_c & 3 ? 4 * p->steps : 0;
  int8_t *const copy = (int8_t *)scratch;
  for (int32_t r = 0; r < p->rows; r++) {
    const int8_t *row = input;
    if (copied) {
      memset(copy + copied - 4, 0, 4);
      memcpy(copy, input, (size_t)p->in_c);
      row = copy;
    }
    mote_dsp_row(p, row, output, copy + copied);
    input += p->in_c;
    output += p->out_c;
  }
}

#endif
