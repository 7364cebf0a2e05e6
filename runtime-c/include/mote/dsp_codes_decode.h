/* SPDX-License-Identifier: Apache-2.0 */
/* From codes (dsp_codes.h) to the weights of a block, 16-bit lanes of 16 * weight, by DSP instructions. */
#ifndef MOTE_DSP_CODES_DECODE_H
#define MOTE_DSP_CODES_DECODE_H

#include <stdint.h>

#include "mote/dsp_codes.h"

/* Lanes r4 to r7, to be scaled yet. */
#define MOTE_DECODE_BARE(n, a, b, c, d)    \
  a("r4") b("r5") c("r6") d("r7")          \
  "stm r1!, {r4, r5, r6, r7}\n"

/* The same less the offset, r8. */
#define MOTE_DECODE_STEP(n, a, b, c, d)    \
  a("r4") b("r5") c("r6") d("r7")          \
  "ssub16 r4, r4, r8\n"                    \
  "ssub16 r5, r5, r8\n"                    \
  "ssub16 r6, r6, r8\n"                    \
  "ssub16 r7, r7, r8\n"                    \
  "stm r1!, {r4, r5, r6, r7}\n"

/* A function from `codes` to the lanes from `to` to `end`, four steps at a time; `four` is one of MOTE_CODES_FOUR_. Gives
 * the codes' end. `offset` is 16 * offset in both lanes, and 0 where the lanes are yet to be scaled. */
#define MOTE_DECODE(name, four, step)                                                                        \
  __attribute__((naked, noinline)) static const int32_t *name(                                               \
      __attribute__((unused)) const int32_t *codes, __attribute__((unused)) int32_t *to,                     \
      __attribute__((unused)) const int32_t *end, __attribute__((unused)) uint32_t mask,                     \
      __attribute__((unused)) uint32_t offset) {                                                             \
    __asm__ volatile(                                                                                        \
        ".syntax unified\n"                                                                                  \
        "push {r4, r5, r6, r7, r8, r9, r10, lr}\n"                                                           \
        "mov r9, r2\n"                                                                                       \
        "mov lr, r3\n"                                                                                       \
        "ldr r8, [sp, #32]\n"                                                                                \
        "1:\n"                                                                                               \
        four("r0", step)                                                                                     \
        "cmp r1, r9\n"                                                                                       \
        "bne 1b\n"                                                                                           \
        "pop {r4, r5, r6, r7, r8, r9, r10, pc}\n");                                                          \
  }

#define MOTE_SCALE_STEP                    \
  "ldm r0, {r2, r3, r12, lr}\n"            \
  "mul r2, r2, r4\n"                       \
  "mul r3, r3, r5\n"                       \
  "mul r12, r12, r6\n"                     \
  "mul lr, lr, r7\n"                       \
  "ssub16 r2, r2, r8\n"                    \
  "ssub16 r3, r3, r9\n"                    \
  "ssub16 r12, r12, r10\n"                 \
  "ssub16 lr, lr, r11\n"                   \
  "stm r0!, {r2, r3, r12, lr}\n"

/* Lanes of 16 * code of `steps` steps (a multiple of four) times their scales and less their offsets; gives the scales' end.
 * `scales`: for each `group` steps a byte for each channel. The group's scales are in r4 to r7, its offsets in r8 to r11; on
 * the stack the next scales, the end of all lanes, a group's bytes, the end of the group's lanes. */
__attribute__((naked, noinline, unused)) static const int32_t *mote_dsp_scale_groups(
    __attribute__((unused)) int32_t *to, __attribute__((unused)) const int32_t *scales,
    __attribute__((unused)) int32_t steps, __attribute__((unused)) int32_t group,
    __attribute__((unused)) uint32_t offset) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "sub sp, sp, #16\n"
      "add r2, r0, r2, lsl #4\n"
      "lsl r3, r3, #4\n"
      "strd r2, r3, [sp, #4]\n"
      "2:\n"
      "ldr r4, [r1], #4\n"
      "str r1, [sp]\n"
      "ldr r12, [sp, #52]\n"
      "ldrd r2, r3, [sp, #4]\n"
      "add r3, r0, r3\n"
      "cmp r3, r2\n"
      "it hi\n"
      "movhi r3, r2\n"
      "str r3, [sp, #12]\n"
      "uxtb r5, r4, ror #8\n"
      "uxtb r6, r4, ror #16\n"
      "lsr r7, r4, #24\n"
      "uxtb r4, r4\n"
      "mul r8, r12, r4\n"
      "mul r9, r12, r5\n"
      "mul r10, r12, r6\n"
      "mul r11, r12, r7\n"
      "1:\n"
      MOTE_SCALE_STEP
      MOTE_SCALE_STEP
      MOTE_SCALE_STEP
      MOTE_SCALE_STEP
      "ldr r2, [sp, #12]\n"
      "cmp r0, r2\n"
      "bne 1b\n"
      "ldrd r1, r2, [sp]\n"
      "cmp r0, r2\n"
      "bne 2b\n"
      "mov r0, r1\n"
      "add sp, sp, #16\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

#endif
