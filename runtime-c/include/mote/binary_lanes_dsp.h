/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops of binary_lanes.h for Armv7E-M: a filter's word in 34 instructions of look-up, and 24 to widen. */
#ifndef MOTE_BINARY_LANES_DSP_H
#define MOTE_BINARY_LANES_DSP_H

#define MOTE_LANES_OWN_LOOPS
#include "mote/binary_lanes.h"

/* Entry of group g: at `offset`, 128 * g, of the tables in r0, for bits `bit`, 4 * g, and up of r4. */
#define MOTE_LANES_ENTRY_AT(bit) "ubfx r5, r4, #" bit ", #4\n" "add r5, r0, r5, lsl #3\n"
#define MOTE_LANES_FIRST(bit, offset) MOTE_LANES_ENTRY_AT(bit) "ldrd r6, r7, [r5, #" offset "]\n"
#define MOTE_LANES_MORE(bit, offset)         \
  MOTE_LANES_ENTRY_AT(bit)                   \
  "ldrd r8, r9, [r5, #" offset "]\n"         \
  "add r6, r8\n"                             \
  "add r7, r9\n"

/* Eight nibbles of `sums` into the bytes of two words. */
#define MOTE_LANES_SPREAD(sums, even, odd)   \
  "and r8, " sums ", #0x0F0F0F0F\n"          \
  "sub " sums ", r8\n"                       \
  "add " even ", r8\n"                       \
  "add " odd ", " odd ", " sums ", lsr #4\n"

#define MOTE_LANES_START(sums, even, odd)    \
  "and " even ", " sums ", #0x0F0F0F0F\n"    \
  "sub " sums ", " even "\n"                 \
  "lsr " odd ", " sums ", #4\n"

#define MOTE_LANES_WORDS(load, first)                                        \
  ".syntax unified\n"                                                        \
  "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                            \
  "b 2f\n"                                                                   \
  "1:\n"                                                                     \
  "ldr r4, [r2], #4\n"                                                       \
  load                                                                       \
  MOTE_LANES_FIRST("0", "0") MOTE_LANES_MORE("4", "128") MOTE_LANES_MORE("8", "256")    \
  first("r6", "r10", "r11") first("r7", "r12", "lr")                         \
  MOTE_LANES_FIRST("12", "384") MOTE_LANES_MORE("16", "512") MOTE_LANES_MORE("20", "640") \
  MOTE_LANES_SPREAD("r6", "r10", "r11") MOTE_LANES_SPREAD("r7", "r12", "lr") \
  MOTE_LANES_FIRST("24", "768") MOTE_LANES_MORE("28", "896")                 \
  MOTE_LANES_SPREAD("r6", "r10", "r11") MOTE_LANES_SPREAD("r7", "r12", "lr") \
  "stm r1!, {r10, r11, r12, lr}\n"                                           \
  "2:\n"                                                                     \
  "cmp r2, r3\n"                                                             \
  "bne 1b\n"                                                                 \
  "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"

/* r0 tables, r1 bytes, r2 codes, r3 their end. */
__attribute__((naked, noinline)) static void mote_lanes_begin(__attribute__((unused)) const uint32_t *table,
                                                              __attribute__((unused)) uint32_t *bytes,
                                                              __attribute__((unused)) const int32_t *codes,
                                                              __attribute__((unused)) const int32_t *end) {
  __asm__ volatile(MOTE_LANES_WORDS("", MOTE_LANES_START));
}

__attribute__((naked, noinline)) static void mote_lanes_add(__attribute__((unused)) const uint32_t *table,
                                                            __attribute__((unused)) uint32_t *bytes,
                                                            __attribute__((unused)) const int32_t *codes,
                                                            __attribute__((unused)) const int32_t *end) {
  __asm__ volatile(MOTE_LANES_WORDS("ldm r1, {r10, r11, r12, lr}\n", MOTE_LANES_SPREAD));
}

/* Of four taps of eight pixels, which come in b0: their sum, and what each tap's bit in a filter adds. lr is 0x11111111. */
#define MOTE_LANES_BITS(b0, b1, b2, b3, outside, sum) \
  "and " b1 ", lr, " b0 ", lsr #1\n"                  \
  "and " b2 ", lr, " b0 ", lsr #2\n"                  \
  "and " b3 ", lr, " b0 ", lsr #3\n"                  \
  "and " b0 ", lr, " b0 "\n"                          \
  "mul " sum ", " outside ", r3\n"                    \
  "sub " outside ", lr, " outside "\n"                \
  "add " sum ", " b0 "\n"                             \
  "add " sum ", " b1 "\n"                             \
  "add " sum ", " b2 "\n"                             \
  "add " sum ", " b3 "\n"                             \
  "sub " b0 ", " outside ", " b0 ", lsl #1\n"         \
  "sub " b1 ", " outside ", " b1 ", lsl #1\n"         \
  "sub " b2 ", " outside ", " b2 ", lsl #1\n"         \
  "sub " b3 ", " outside ", " b3 ", lsl #1\n"

/* The next entry in Gray's order: with bit i of the filter, or without it. */
#define MOTE_LANES_STEP(op, a, b, offset) \
  op " r12, " a "\n"                      \
  op " r1, " b "\n"                       \
  "strd r12, r1, [r0, #" offset "]\n"
#define MOTE_LANES_BIT0(op, offset) MOTE_LANES_STEP(op, "r4", "r8", offset)
#define MOTE_LANES_BIT1(op, offset) MOTE_LANES_STEP(op, "r5", "r9", offset)
#define MOTE_LANES_BIT2(op, offset) MOTE_LANES_STEP(op, "r6", "r10", offset)
#define MOTE_LANES_BIT3(op, offset) MOTE_LANES_STEP(op, "r7", "r11", offset)

/* r0 table, r1 taps (nibbles at 0 and 32, outside at 64), r2 group, r3 half; sums of the two words in r12 and r1. */
__attribute__((naked, noinline)) static void mote_lanes_fill(__attribute__((unused)) uint32_t *t,
                                                             __attribute__((unused)) const mote_lanes_taps *x,
                                                             __attribute__((unused)) int32_t g,
                                                             __attribute__((unused)) uint32_t half) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "add r12, r1, r2, lsl #2\n"
      "ldr r4, [r12]\n"
      "ldr r8, [r12, #32]\n"
      "ldr r2, [r1, #68]\n"
      "ldr r1, [r1, #64]\n"
      "mov lr, #0x11111111\n"
      MOTE_LANES_BITS("r4", "r5", "r6", "r7", "r1", "r12")
      MOTE_LANES_BITS("r8", "r9", "r10", "r11", "r2", "r1")
      "strd r12, r1, [r0]\n"
      MOTE_LANES_BIT0("add", "8")
      MOTE_LANES_BIT1("add", "24")
      MOTE_LANES_BIT0("sub", "16")
      MOTE_LANES_BIT2("add", "48")
      MOTE_LANES_BIT0("add", "56")
      MOTE_LANES_BIT1("sub", "40")
      MOTE_LANES_BIT0("sub", "32")
      MOTE_LANES_BIT3("add", "96")
      MOTE_LANES_BIT0("add", "104")
      MOTE_LANES_BIT1("add", "120")
      MOTE_LANES_BIT0("sub", "112")
      MOTE_LANES_BIT2("sub", "80")
      MOTE_LANES_BIT0("add", "88")
      MOTE_LANES_BIT1("sub", "72")
      MOTE_LANES_BIT0("sub", "64")
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

#endif
