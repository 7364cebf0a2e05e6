/* SPDX-License-Identifier: Apache-2.0 */
/* One block of four output channels for all pixel pairs of a tile, by DSP instructions. The block's weights lie as 16-bit
 * lanes in the scratch, where the caller has decoded them once for the whole tile; sums come times 16. */
#ifndef MOTE_DSP_TILE_H
#define MOTE_DSP_TILE_H

#include <stdint.h>

#include "mote/dsp_block.h"

/* Read by LDM. `x_end` is the end of the first pair's taps, less 1 where the mode is not MOTE_DSP_TFLITE: the comparison
 * that ends the loop over the taps tells. */
typedef struct {
  const int32_t *x_end;
  int8_t *out_a, *out_b;
  int32_t out_step;   /* bytes from a pair's outputs to the next pair's */
  int32_t pair_bytes; /* of widened taps: 8 * steps */
  const int32_t *tile_end;
  const int32_t *block; /* four sums, weights, then m, r, s of each channel */
  const int32_t *x;
} mote_dsp_tile;

#define MOTE_DSP_TILE_STEP       \
  "ldmia r0!, {r2, r3}\n"        \
  "ldmia r1!, {r4, r5}\n"        \
  "smlad r6, r4, r2, r6\n"       \
  "smlad r7, r4, r3, r7\n"       \
  "smlad r8, r5, r2, r8\n"       \
  "smlad r9, r5, r3, r9\n"       \
  "ldmia r1!, {r4, r5}\n"        \
  "smlad r10, r4, r2, r10\n"     \
  "smlad r11, r4, r3, r11\n"     \
  "smlad r12, r5, r2, r12\n"     \
  "smlad lr, r5, r3, lr\n"

#define MOTE_DSP_TILE_FOUR MOTE_DSP_TILE_STEP MOTE_DSP_TILE_STEP MOTE_DSP_TILE_STEP MOTE_DSP_TILE_STEP

#define MOTE_DSP_TILE_TWO(a, b, requantize) \
  "ldmia r1!, {r2, r3, r4}\n"               \
  requantize(a)                             \
  requantize(b)

#define MOTE_DSP_TILE_EIGHT(requantize)           \
  MOTE_DSP_TILE_TWO("r6", "r7", requantize)       \
  MOTE_DSP_TILE_TWO("r8", "r9", requantize)       \
  MOTE_DSP_TILE_TWO("r10", "r11", requantize)     \
  MOTE_DSP_TILE_TWO("r12", "lr", requantize)

/* Twice a sum that comes times 16. */
#define MOTE_DSP_TILE_TFLITE(sum) "asr " sum ", " sum ", #3\n" MOTE_DSP_TFLITE_DOUBLED(sum)

/* r0 taps, r1 constants, r2 to r5 operands; sums of the channels 0 to 3: r6 r8 r10 r12 for pixel a, r7 r9 r11 lr for
 * pixel b. Steps are a multiple of 4; the loop takes 16 and is entered where the odd ones are left. On the stack: the
 * tile's fields but x, then that place. */
__attribute__((naked, noinline)) static void mote_dsp_tile_block(__attribute__((unused)) const mote_dsp_tile *t) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "sub sp, sp, #36\n"
      "ldm r0, {r2, r3, r4, r5, r6, r7, r8, r9}\n"
      "stm sp, {r2, r3, r4, r5, r6, r7, r8}\n"
      "mov r0, r9\n"
      "mov r1, r8\n"
      "ubfx r3, r6, #5, #2\n" /* steps / 4 mod 4 */
      "adr.w r2, 20f\n"
      "cmp r3, #0\n"
      "beq 9f\n"
      "adr.w r2, 23f\n"
      "cmp r3, #1\n"
      "beq 9f\n"
      "adr.w r2, 22f\n"
      "cmp r3, #2\n"
      "beq 9f\n"
      "adr.w r2, 21f\n"
      "9:\n"
      "orr r2, r2, #1\n" /* Thumb */
      "str r2, [sp, #28]\n"
      "1:\n"
      "ldm r1!, {r6, r8, r10, r12}\n"
      "mov r7, r6\n"
      "mov r9, r8\n"
      "mov r11, r10\n"
      "mov lr, r12\n"
      "ldr pc, [sp, #28]\n"
      ".balign 4\n"
      "20:\n"
      MOTE_DSP_TILE_FOUR
      ".balign 4\n"
      "21:\n"
      MOTE_DSP_TILE_FOUR
      ".balign 4\n"
      "22:\n"
      MOTE_DSP_TILE_FOUR
      ".balign 4\n"
      "23:\n"
      MOTE_DSP_TILE_FOUR
      "ldr r2, [sp]\n"
      "cmp r0, r2\n"
      "blo 20b\n"
      "bne 5f\n"
      MOTE_DSP_TILE_EIGHT(MOTE_DSP_TILE_TFLITE)
      "4:\n"
      "ldm sp, {r1, r2, r3, r4, r5}\n"
      "strb r6, [r2]\n"
      "strb r8, [r2, #1]\n"
      "strb r10, [r2, #2]\n"
      "strb r12, [r2, #3]\n"
      "strb r7, [r3]\n"
      "strb r9, [r3, #1]\n"
      "strb r11, [r3, #2]\n"
      "strb lr, [r3, #3]\n"
      "add r2, r2, r4\n"
      "add r3, r3, r4\n"
      "add r1, r1, r5\n"
      "stm sp, {r1, r2, r3}\n"
      "ldrd r2, r1, [sp, #20]\n"
      "cmp r0, r2\n"
      "bne 1b\n"
      "add sp, sp, #36\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"
      "5:\n"
      MOTE_DSP_TILE_EIGHT(MOTE_DSP_SINGLE_ANY)
      "b 4b\n");
}

#endif
