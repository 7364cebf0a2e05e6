/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of few bits for DSP instructions: from words of codes to 16-bit lanes, in the order of the kernels' steps. A step
 * is a pair of taps of four channels; a pair is the codes of one channel, for the first tap in the lower half of a word, for
 * the second in the upper half. Pair i of those that words share begins at bit i * bits of both halves. What three halves
 * cannot hold whole is spread over their upper bits: of 3 bits pair 15, a bit in each word; of 6 bits pair 6 (four bits in
 * the first word, two in the second) and pair 7 (four in the third, the upper two in the second).
 *
 *   bits        1    2    3    4    6
 *   words       1    1    3    1    3
 *   steps       4    2    4    1    2
 *
 * A lane is 16 * code, code = (weight + offset) / unit: one AND with a shifted operand. Words are in r2, r3, r12, the
 * mask in lr; `t` is where a pair goes. */
#ifndef MOTE_DSP_CODES_H
#define MOTE_DSP_CODES_H

#define MOTE_CODES_AND(t, word, shift) "and " t ", lr, " word shift "\n"

/* 1 bit: weights are -1 and 1, lanes 32 * code. */
#define MOTE_CODES_MASK_1 0x00200020u
#define MOTE_CODES_LOAD_1(from) "ldr r2, [" from "], #4\n"
#define MOTE_CODES_1_0(t) MOTE_CODES_AND(t, "r2", ", lsl #5")
#define MOTE_CODES_1_1(t) MOTE_CODES_AND(t, "r2", ", lsl #4")
#define MOTE_CODES_1_2(t) MOTE_CODES_AND(t, "r2", ", lsl #3")
#define MOTE_CODES_1_3(t) MOTE_CODES_AND(t, "r2", ", lsl #2")
#define MOTE_CODES_1_4(t) MOTE_CODES_AND(t, "r2", ", lsl #1")
#define MOTE_CODES_1_5(t) MOTE_CODES_AND(t, "r2", "")
#define MOTE_CODES_1_6(t) MOTE_CODES_AND(t, "r2", ", lsr #1")
#define MOTE_CODES_1_7(t) MOTE_CODES_AND(t, "r2", ", lsr #2")
#define MOTE_CODES_1_8(t) MOTE_CODES_AND(t, "r2", ", lsr #3")
#define MOTE_CODES_1_9(t) MOTE_CODES_AND(t, "r2", ", lsr #4")
#define MOTE_CODES_1_10(t) MOTE_CODES_AND(t, "r2", ", lsr #5")
#define MOTE_CODES_1_11(t) MOTE_CODES_AND(t, "r2", ", lsr #6")
#define MOTE_CODES_1_12(t) MOTE_CODES_AND(t, "r2", ", lsr #7")
#define MOTE_CODES_1_13(t) MOTE_CODES_AND(t, "r2", ", lsr #8")
#define MOTE_CODES_1_14(t) MOTE_CODES_AND(t, "r2", ", lsr #9")
#define MOTE_CODES_1_15(t) MOTE_CODES_AND(t, "r2", ", lsr #10")
#define MOTE_CODES_FOUR_1(from, STEP)                                                                        \
  MOTE_CODES_LOAD_1(from)                                                                                    \
  STEP(0, MOTE_CODES_1_0, MOTE_CODES_1_1, MOTE_CODES_1_2, MOTE_CODES_1_3)                                    \
  STEP(1, MOTE_CODES_1_4, MOTE_CODES_1_5, MOTE_CODES_1_6, MOTE_CODES_1_7)                                    \
  STEP(2, MOTE_CODES_1_8, MOTE_CODES_1_9, MOTE_CODES_1_10, MOTE_CODES_1_11)                                  \
  STEP(3, MOTE_CODES_1_12, MOTE_CODES_1_13, MOTE_CODES_1_14, MOTE_CODES_1_15)

/* 2 bits. */
#define MOTE_CODES_MASK_2 0x00300030u
#define MOTE_CODES_LOAD_2(from) "ldr r2, [" from "], #4\n"
#define MOTE_CODES_2_0(t) MOTE_CODES_AND(t, "r2", ", lsl #4")
#define MOTE_CODES_2_1(t) MOTE_CODES_AND(t, "r2", ", lsl #2")
#define MOTE_CODES_2_2(t) MOTE_CODES_AND(t, "r2", "")
#define MOTE_CODES_2_3(t) MOTE_CODES_AND(t, "r2", ", lsr #2")
#define MOTE_CODES_2_4(t) MOTE_CODES_AND(t, "r2", ", lsr #4")
#define MOTE_CODES_2_5(t) MOTE_CODES_AND(t, "r2", ", lsr #6")
#define MOTE_CODES_2_6(t) MOTE_CODES_AND(t, "r2", ", lsr #8")
#define MOTE_CODES_2_7(t) MOTE_CODES_AND(t, "r2", ", lsr #10")
#define MOTE_CODES_TWO_2(from, STEP, even, odd)                                                              \
  MOTE_CODES_LOAD_2(from)                                                                                    \
  STEP(even, MOTE_CODES_2_0, MOTE_CODES_2_1, MOTE_CODES_2_2, MOTE_CODES_2_3)                                 \
  STEP(odd, MOTE_CODES_2_4, MOTE_CODES_2_5, MOTE_CODES_2_6, MOTE_CODES_2_7)
#define MOTE_CODES_FOUR_2(from, STEP) MOTE_CODES_TWO_2(from, STEP, 0, 1) MOTE_CODES_TWO_2(from, STEP, 2, 3)

/* 3 bits. The last pair uses up the words. */
#define MOTE_CODES_MASK_3 0x00700070u
#define MOTE_CODES_LOAD_3(from) "ldm " from "!, {r2, r3, r12}\n"
#define MOTE_CODES_3_0(t, word) MOTE_CODES_AND(t, word, ", lsl #4")
#define MOTE_CODES_3_1(t, word) MOTE_CODES_AND(t, word, ", lsl #1")
#define MOTE_CODES_3_2(t, word) MOTE_CODES_AND(t, word, ", lsr #2")
#define MOTE_CODES_3_3(t, word) MOTE_CODES_AND(t, word, ", lsr #5")
#define MOTE_CODES_3_4(t, word) MOTE_CODES_AND(t, word, ", lsr #8")
#define MOTE_CODES_3_A0(t) MOTE_CODES_3_0(t, "r2")
#define MOTE_CODES_3_A1(t) MOTE_CODES_3_1(t, "r2")
#define MOTE_CODES_3_A2(t) MOTE_CODES_3_2(t, "r2")
#define MOTE_CODES_3_A3(t) MOTE_CODES_3_3(t, "r2")
#define MOTE_CODES_3_A4(t) MOTE_CODES_3_4(t, "r2")
#define MOTE_CODES_3_B0(t) MOTE_CODES_3_0(t, "r3")
#define MOTE_CODES_3_B1(t) MOTE_CODES_3_1(t, "r3")
#define MOTE_CODES_3_B2(t) MOTE_CODES_3_2(t, "r3")
#define MOTE_CODES_3_B3(t) MOTE_CODES_3_3(t, "r3")
#define MOTE_CODES_3_B4(t) MOTE_CODES_3_4(t, "r3")
#define MOTE_CODES_3_C0(t) MOTE_CODES_3_0(t, "r12")
#define MOTE_CODES_3_C1(t) MOTE_CODES_3_1(t, "r12")
#define MOTE_CODES_3_C2(t) MOTE_CODES_3_2(t, "r12")
#define MOTE_CODES_3_C3(t) MOTE_CODES_3_3(t, "r12")
#define MOTE_CODES_3_C4(t) MOTE_CODES_3_4(t, "r12")
#define MOTE_CODES_3_LAST(t)               \
  "and r2, r2, #0x80008000\n"              \
  "and r3, r3, #0x80008000\n"              \
  "and r12, r12, #0x80008000\n"            \
  "lsr " t ", r2, #11\n"                   \
  "orr " t ", " t ", r3, lsr #10\n"        \
  "orr " t ", " t ", r12, lsr #9\n"
#define MOTE_CODES_FOUR_3(from, STEP)                                                                        \
  MOTE_CODES_LOAD_3(from)                                                                                    \
  STEP(0, MOTE_CODES_3_A0, MOTE_CODES_3_A1, MOTE_CODES_3_A2, MOTE_CODES_3_A3)                                \
  STEP(1, MOTE_CODES_3_A4, MOTE_CODES_3_B0, MOTE_CODES_3_B1, MOTE_CODES_3_B2)                                \
  STEP(2, MOTE_CODES_3_B3, MOTE_CODES_3_B4, MOTE_CODES_3_C0, MOTE_CODES_3_C1)                                \
  STEP(3, MOTE_CODES_3_C2, MOTE_CODES_3_C3, MOTE_CODES_3_C4, MOTE_CODES_3_LAST)

/* 4 bits. */
#define MOTE_CODES_MASK_4 0x00F000F0u
#define MOTE_CODES_4_0(t, word) MOTE_CODES_AND(t, word, ", lsl #4")
#define MOTE_CODES_4_1(t, word) MOTE_CODES_AND(t, word, "")
#define MOTE_CODES_4_2(t, word) MOTE_CODES_AND(t, word, ", lsr #4")
#define MOTE_CODES_4_3(t, word) MOTE_CODES_AND(t, word, ", lsr #8")
#define MOTE_CODES_4_A0(t) MOTE_CODES_4_0(t, "r2")
#define MOTE_CODES_4_A1(t) MOTE_CODES_4_1(t, "r2")
#define MOTE_CODES_4_A2(t) MOTE_CODES_4_2(t, "r2")
#define MOTE_CODES_4_A3(t) MOTE_CODES_4_3(t, "r2")
#define MOTE_CODES_4_B0(t) MOTE_CODES_4_0(t, "r3")
#define MOTE_CODES_4_B1(t) MOTE_CODES_4_1(t, "r3")
#define MOTE_CODES_4_B2(t) MOTE_CODES_4_2(t, "r3")
#define MOTE_CODES_4_B3(t) MOTE_CODES_4_3(t, "r3")
#define MOTE_CODES_TWO_4(from, STEP, even, odd)                                                              \
  "ldm " from "!, {r2, r3}\n"                                                                                \
  STEP(even, MOTE_CODES_4_A0, MOTE_CODES_4_A1, MOTE_CODES_4_A2, MOTE_CODES_4_A3)                             \
  STEP(odd, MOTE_CODES_4_B0, MOTE_CODES_4_B1, MOTE_CODES_4_B2, MOTE_CODES_4_B3)
#define MOTE_CODES_FOUR_4(from, STEP) MOTE_CODES_TWO_4(from, STEP, 0, 1) MOTE_CODES_TWO_4(from, STEP, 2, 3)

/* 6 bits. The last two pairs use up the words. */
#define MOTE_CODES_MASK_6 0x03F003F0u
#define MOTE_CODES_LOAD_6(from) "ldm " from "!, {r2, r3, r12}\n"
#define MOTE_CODES_6_0(t) MOTE_CODES_AND(t, "r2", ", lsl #4")
#define MOTE_CODES_6_1(t) MOTE_CODES_AND(t, "r2", ", lsr #2")
#define MOTE_CODES_6_2(t) MOTE_CODES_AND(t, "r3", ", lsl #4")
#define MOTE_CODES_6_3(t) MOTE_CODES_AND(t, "r3", ", lsr #2")
#define MOTE_CODES_6_4(t) MOTE_CODES_AND(t, "r12", ", lsl #4")
#define MOTE_CODES_6_5(t) MOTE_CODES_AND(t, "r12", ", lsr #2")
#define MOTE_CODES_6_6(t)                  \
  "and " t ", r2, #0xF000F000\n"           \
  "and r2, r3, #0x30003000\n"              \
  "lsr " t ", " t ", #8\n"                 \
  "orr " t ", " t ", r2, lsr #4\n"
#define MOTE_CODES_6_7(t)                  \
  "and " t ", r12, #0xF000F000\n"          \
  "and r3, r3, #0xC000C000\n"              \
  "lsr " t ", " t ", #8\n"                 \
  "orr " t ", " t ", r3, lsr #6\n"
#define MOTE_CODES_TWO_6(from, STEP, even, odd)                                                              \
  MOTE_CODES_LOAD_6(from)                                                                                    \
  STEP(even, MOTE_CODES_6_0, MOTE_CODES_6_1, MOTE_CODES_6_2, MOTE_CODES_6_3)                                 \
  STEP(odd, MOTE_CODES_6_4, MOTE_CODES_6_5, MOTE_CODES_6_6, MOTE_CODES_6_7)
#define MOTE_CODES_FOUR_6(from, STEP) MOTE_CODES_TWO_6(from, STEP, 0, 1) MOTE_CODES_TWO_6(from, STEP, 2, 3)

#endif
