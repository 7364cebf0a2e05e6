/* SPDX-License-Identifier: Apache-2.0 */
/* convblock_drive.h on Armv6-M: the sums of one channel for 4 pixels in high registers. A tap costs a load of the 4
 * inputs, a load of the weight, 4 multiplies and 4 additions: 2.5 instructions a product. Weights are stored + 128, for
 * only unsigned bytes load with an offset; the sums begin at -128 times the sums of the windows. */
#ifndef MOTE_CONVBLOCK_THUMB_H
#define MOTE_CONVBLOCK_THUMB_H

#include <stdint.h>

/* A naked function's parameters are used, in assembly; GCC does not see it. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

typedef int32_t mote_block_word;
enum { MOTE_BLOCK_HEAD = 4 }; /* where the sums begin */

static inline void begin_slice(mote_block_word *words, int32_t taps, const int32_t *window_sums) {
  (void)taps;
  for (int32_t k = 0; k < 4; k++) words[k - 4] = (int32_t)(0u - ((uint32_t)window_sums[k] << 7));
}

#ifdef __thumb__
/* One tap of four pixels: r0 walks the words, r6 the weights. */
#define TAP(i)                     \
  "ldmia r0!, {r1, r2, r3, r4}\n"  \
  "ldrb r5, [r6, #" i "]\n"        \
  "muls r1, r5, r1\n"              \
  "muls r2, r5, r2\n"              \
  "muls r3, r5, r3\n"              \
  "muls r4, r5, r4\n"              \
  "add r8, r1\n"                   \
  "add r9, r2\n"                   \
  "add r10, r3\n"                  \
  "add r11, r4\n"

/* Naked, for it takes every register: r8 to r11 sums, r12 the words' start, lr where sums go; the end of the last whole
 * eight taps at sp, of all taps at sp + 4, channels that are left at sp + 8. */
__attribute__((naked, noinline)) static const uint8_t *sum_channels(const int32_t *head, const uint8_t *weights,
                                                                    int32_t *sums, const int32_t *eights,
                                                                    const int32_t *end, int32_t channels) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r4, r5, r6, r7}\n"
      "ldr r4, [sp, #36]\n"
      "ldr r5, [sp, #40]\n"
      "push {r3, r4, r5}\n"
      "mov r12, r0\n"
      "mov lr, r2\n"
      "mov r6, r1\n"
      "1:\n" /* a channel */
      "mov r0, r12\n"
      "ldmia r0!, {r1, r2, r3, r4}\n"
      "mov r8, r1\n"
      "mov r9, r2\n"
      "mov r10, r3\n"
      "mov r11, r4\n"
      "ldr r7, [sp]\n"
      "cmp r0, r7\n"
      "beq 3f\n"
      "2:\n" TAP("0") TAP("1") TAP("2") TAP("3") TAP("4") TAP("5") TAP("6") TAP("7")
      "adds r6, #8\n"
      "cmp r0, r7\n"
      "bne 2b\n"
      "3:\n"
      "ldr r7, [sp, #4]\n"
      "cmp r0, r7\n"
      "beq 5f\n"
      "4:\n" TAP("0")
      "adds r6, #1\n"
      "cmp r0, r7\n"
      "bne 4b\n"
      "5:\n"
      "mov r0, lr\n"
      "mov r1, r8\n"
      "mov r2, r9\n"
      "mov r3, r10\n"
      "mov r4, r11\n"
      "stmia r0!, {r1, r2, r3, r4}\n"
      "mov lr, r0\n"
      "ldr r0, [sp, #8]\n"
      "subs r0, #1\n"
      "str r0, [sp, #8]\n"
      "beq 6f\n"
      "b 1b\n" /* too far for a condition */
      "6:\n"
      "mov r0, r6\n"
      "add sp, #12\n"
      "pop {r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#else /* the same for the host */
static const uint8_t *sum_channels(const int32_t *head, const uint8_t *weights, int32_t *sums, const int32_t *eights,
                                   const int32_t *end, int32_t channels) {
  (void)eights;
  for (; channels > 0; channels--) {
    for (int32_t k = 0; k < 4; k++) sums[k] = head[k];
    for (const int32_t *x = head + 4; x != end; x += 4, weights++) {
      for (int32_t k = 0; k < 4; k++) sums[k] = (int32_t)((uint32_t)sums[k] + (uint32_t)*weights * (uint32_t)x[k]);
    }
    sums += 4;
  }
  return weights;
}
#endif

static inline const uint8_t *block_sums(const mote_block_word *words, int32_t taps, const uint8_t *weights,
                                        int32_t channels, int32_t *sums) {
  return sum_channels(words - 4, weights, sums, words + 4 * (taps & ~7), words + 4 * taps, channels);
}

#endif
