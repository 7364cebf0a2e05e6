/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer for DSP instructions, one row by four channels: what its kernels share. The row is widened in
 * the loop, for a widened copy would take twice the row's bytes. A kernel first defines MOTE_DSP_STEP (four taps), MOTE_DSP_STEP_WORDS,
 * MOTE_DSP_SPLIT, MOTE_DSP_TFLITE_ODD and MOTE_DSP_RECTIFIED_ODD as for dsp_conv2x4.h. */
#ifndef MOTE_DSP_FC1X4_H
#define MOTE_DSP_FC1X4_H

#include <stdint.h>
#include <string.h>

#include "mote/dsp_block.h"
#include "mote/fullyconnected.h"

#define MOTE_DSP_ONE(sum, requantize) \
  "ldmia r1!, {r2, r3, r4}\n"         \
  requantize(sum)

#define MOTE_DSP_FOUR(even, odd) \
  MOTE_DSP_ONE("r8", even)       \
  MOTE_DSP_ONE("r9", odd)        \
  MOTE_DSP_ONE("r10", even)      \
  MOTE_DSP_ONE("r11", odd)

/* All blocks from b->w to b->w_end. r0 taps, r1 constants, r2 to r7 operands, r8 to r11 sums, r12 end of the taps, lr b,
 * whose out_a moves on and whose out_b is the count of single steps left. */
__attribute__((naked, noinline)) static void mote_dsp_blocks(__attribute__((unused)) mote_dsp_block *b) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "mov lr, r0\n"
      "ldr r12, [lr, #4]\n"
      "ldr r1, [lr, #24]\n"
      "1:\n"
      "ldm r1!, {r8, r9, r10, r11}\n"
      "ldr r0, [lr]\n"
      /* Steps over a multiple of 4 one by one. */
      "ldr r2, [lr, #8]\n"
      "lsls r2, r2, #30\n"
      "beq 3f\n"
      "2:\n"
      "str r2, [lr, #20]\n"
      MOTE_DSP_STEP
      "ldr r2, [lr, #20]\n"
      "subs r2, r2, #0x40000000\n"
      "bne 2b\n"
      "cmp r0, r12\n"
      "bhs 4f\n"
      "3:\n"
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      "cmp r0, r12\n"
      "blo 3b\n"
      "4:\n"
      MOTE_DSP_SPLIT
      "bne 6f\n"
      MOTE_DSP_FOUR(MOTE_DSP_RECTIFIED_EVEN, MOTE_DSP_RECTIFIED_ODD)
      "5:\n"
      "ldrd r4, r2, [lr, #12]\n"
      "strb r8, [r2], #1\n"
      "strb r9, [r2], #1\n"
      "strb r10, [r2], #1\n"
      "strb r11, [r2], #1\n"
      "str r2, [lr, #16]\n"
      "cmp r1, r4\n"
      "bne 1b\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"
      "6:\n"
      "sub r2, r0, r12\n"
      "cmp r2, #2\n"
      "beq 7f\n"
      MOTE_DSP_FOUR(MOTE_DSP_TFLITE_EVEN, MOTE_DSP_TFLITE_ODD)
      "b 5b\n"
      "7:\n"
      MOTE_DSP_FOUR(MOTE_DSP_SINGLE_ANY, MOTE_DSP_SINGLE_ANY)
      "b 5b\n");
}

/* One row; the last, incomplete block goes through `rest`. */
static inline void mote_dsp_row(const mote_fullyconnected_s8s8_dsp *p, const int8_t *row, int8_t *output,
                                int8_t *rest) {
  const int32_t whole = p->out_c & ~3;
  const int32_t block = 16 + MOTE_DSP_STEP_WORDS * p->steps;
  const int32_t *const whole_end = p->weights + (whole >> 2) * block;
  mote_dsp_block k = {row, row + 4 * p->steps - p->mode, p->steps, whole_end, output, 0, p->weights};
  if (whole) mote_dsp_blocks(&k);
  if (p->out_c != whole) {
    k.w = whole_end;
    k.w_end = whole_end + block;
    k.out_a = rest;
    mote_dsp_blocks(&k);
    for (int32_t i = 0; i < p->out_c - whole; i++) output[whole + i] = rest[i];
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
