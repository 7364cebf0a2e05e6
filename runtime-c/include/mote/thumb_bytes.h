/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of eight outputs of a fully connected layer on Armv6-M, their weights as bytes of two words (fullyconnected.h,
 * mote_fullyconnected_s8s8_bytes). Everything is modulo 2^32, so inputs may be int16 as well: the including file defines
 * MOTE_BYTES_INT16 for those. */
#ifndef MOTE_THUMB_BYTES_H
#define MOTE_THUMB_BYTES_H

#include <stdint.h>

/* A naked function's parameters are used, in assembly; GCC does not see it. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

enum { MOTE_BYTES_OUTPUTS = 8 };

#ifdef MOTE_BYTES_INT16
typedef int16_t mote_bytes_x;
#define INPUT_BYTES "2"
#define LOAD(i) "ldrh r5, [r1, #2 * " i "]\n" "sxth r5, r5\n"
#else
typedef int8_t mote_bytes_x;
#define INPUT_BYTES "1"
#define LOAD(i) "ldrb r5, [r1, #" i "]\n" "sxtb r5, r5\n"
#endif

#ifdef __thumb__
/* Input i: a word's four products. r0 walks the words, r1 the inputs; r5 is the input. */
#define WORD(word, top, third, second, bottom) \
  "asrs r4, " word ", #24\n"                   \
  "muls r4, r5, r4\n"                          \
  "add " top ", r4\n"                          \
  "asrs r4, " word ", #16\n"                   \
  "muls r4, r5, r4\n"                          \
  "add " third ", r4\n"                        \
  "asrs r4, " word ", #8\n"                    \
  "muls r4, r5, r4\n"                          \
  "add " second ", r4\n"                       \
  "muls " word ", r5, " word "\n"              \
  "adds " bottom ", " bottom ", " word "\n"
#define INPUT(i)                     \
  "ldmia r0!, {r2, r3}\n"            \
  LOAD(i)                            \
  WORD("r2", "r10", "r9", "r8", "r6") \
  WORD("r3", "lr", "r12", "r11", "r7")

/* Sums of two words shifted right by 0, 8, 16 and 24 times the inputs: word 0's first, word 1's first, word 0's others,
 * word 1's others. `fours` is the input after the last whole four of them. Takes every register. */
__attribute__((naked, noinline)) static void mote_bytes_sums(const int32_t *weights,
                                                             const mote_bytes_x *input, uint32_t *sums,
                                                             const mote_bytes_x *fours, const mote_bytes_x *end) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r2, r3, r4, r5, r6, r7}\n" /* sums at sp, fours at sp + 4, end at sp + 44 */
      "movs r6, #0\n"
      "movs r7, #0\n"
      "mov r8, r6\n"
      "mov r9, r6\n"
      "mov r10, r6\n"
      "mov r11, r6\n"
      "mov r12, r6\n"
      "mov lr, r6\n"
      "cmp r1, r3\n"
      "beq 2f\n"
      "1:\n" INPUT("0") INPUT("1") INPUT("2") INPUT("3")
      "adds r1, #4 * " INPUT_BYTES "\n"
      "ldr r4, [sp, #4]\n"
      "cmp r1, r4\n"
      "bne 1b\n"
      "2:\n"
      "ldr r4, [sp, #44]\n"
      "cmp r1, r4\n"
      "beq 3f\n" INPUT("0")
      "adds r1, #" INPUT_BYTES "\n"
      "b 2b\n"
      "3:\n"
      "ldr r0, [sp]\n"
      "stmia r0!, {r6, r7}\n"
      "mov r2, r8\n"
      "mov r3, r9\n"
      "mov r4, r10\n"
      "mov r5, r11\n"
      "stmia r0!, {r2, r3, r4, r5}\n"
      "mov r2, r12\n"
      "mov r3, lr\n"
      "stmia r0!, {r2, r3}\n"
      "pop {r2, r3, r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#else /* the same for the host */
static void mote_bytes_sums(const int32_t *weights, const mote_bytes_x *input, uint32_t *sums,
                            const mote_bytes_x *fours, const mote_bytes_x *end) {
  (void)fours;
  for (int32_t i = 0; i < MOTE_BYTES_OUTPUTS; i++) sums[i] = 0;
  for (; input != end; input++) {
    const uint32_t x = (uint32_t)(int32_t)*input;
    for (int32_t half = 0; half < 2; half++) {
      const int32_t word = *weights++;
      sums[half] += (uint32_t)word * x;
      for (int32_t byte = 1; byte < 4; byte++) sums[1 + 3 * half + byte] += (uint32_t)(word >> (8 * byte)) * x;
    }
  }
}
#endif

#endif
