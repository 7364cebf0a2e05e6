/* SPDX-License-Identifier: Apache-2.0 */
/* dwblock_drive.h on Armv6-M: four pixels at a time, a load, a multiply and an addition for each. Inputs are gathered
 * + 2^15, for only unsigned half words load with an offset. */
#ifndef MOTE_DWBLOCK_THUMB_H
#define MOTE_DWBLOCK_THUMB_H

#include <stdint.h>

#include "mote/dwblock.h"

/* A naked function's parameters are used, in assembly; GCC does not see it. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

typedef uint16_t band_x;
#define MOTE_BAND_MOVED 32768

typedef struct {
  int32_t offset, weight; /* offset in bytes */
} band_tap;

#ifdef __thumb__
/* A tap of four pixels: r3 walks the taps, r12 is the place of the first pixel. */
#define TAP                \
  "ldmia r3!, {r0, r1}\n"  \
  "add r0, r12\n"          \
  "ldrh r2, [r0]\n"        \
  "muls r2, r1, r2\n"      \
  "adds r4, r4, r2\n"      \
  "ldrh r2, [r0, #2]\n"    \
  "muls r2, r1, r2\n"      \
  "adds r5, r5, r2\n"      \
  "ldrh r2, [r0, #4]\n"    \
  "muls r2, r1, r2\n"      \
  "adds r6, r6, r2\n"      \
  "ldrh r2, [r0, #6]\n"    \
  "muls r1, r2, r1\n"      \
  "adds r7, r7, r1\n"

/* Sums of the places from `begin` to `end`, a multiple of 4, over a multiple of 3 taps. Takes every register: r8 start,
 * r9 taps, r10 sums, r11 end, lr the taps' end. */
__attribute__((naked, noinline)) static void sum_places(const band_x *begin, const band_x *end, int32_t *sums,
                                                        const band_tap *taps, const band_tap *taps_end,
                                                        int32_t start) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r4, r5, r6, r7}\n"
      "mov r12, r0\n"
      "mov r11, r1\n"
      "mov r10, r2\n"
      "mov r9, r3\n"
      "ldr r0, [sp, #36]\n"
      "mov lr, r0\n"
      "ldr r0, [sp, #40]\n"
      "mov r8, r0\n"
      "1:\n"
      "mov r3, r9\n"
      "mov r4, r8\n"
      "mov r5, r8\n"
      "mov r6, r8\n"
      "mov r7, r8\n"
      "2:\n" TAP TAP TAP
      "cmp r3, lr\n"
      "bne 2b\n"
      "mov r0, r10\n"
      "stmia r0!, {r4, r5, r6, r7}\n"
      "mov r10, r0\n"
      "movs r0, #8\n"
      "add r12, r0\n"
      "cmp r12, r11\n"
      "bne 1b\n"
      "pop {r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#else /* the same for the host */
static void sum_places(const band_x *begin, const band_x *end, int32_t *sums, const band_tap *taps,
                       const band_tap *taps_end, int32_t start) {
  for (; begin != end; begin++) {
    uint32_t sum = (uint32_t)start;
    for (const band_tap *t = taps; t != taps_end; t++) {
      sum += (uint32_t)t->weight * *(const band_x *)((const char *)begin + t->offset);
    }
    *sums++ = (int32_t)sum;
  }
}
#endif

static inline void line_sums(const mote_dwblock_s16s8 *p, const band_x *begin, int32_t *sums, const band_tap *taps,
                             int32_t start) {
  sum_places(begin, begin + ((p->columns + 3) & ~3), sums, taps, taps + p->tap_count, start);
}

#endif
