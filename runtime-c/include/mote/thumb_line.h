/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise sums along a line on Armv6-M, four places at a time: a load, a multiply and an addition for each. The file that
 * includes this has the type mote_line_place, unsigned (signed ones do not load with an offset), MOTE_PLACE_LOAD, the
 * instruction that loads it, and MOTE_PLACE_BYTES. */
#include <stdint.h>

/* A naked function's parameters are used, in assembly; GCC does not see it. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

typedef struct {
  int32_t offset, weight; /* offset in bytes */
} mote_line_tap;

#ifdef __thumb__
/* A tap of four pixels: r3 walks the taps, r12 is the place of the first pixel. */
#define TAP                                               \
  "ldmia r3!, {r0, r1}\n"                                 \
  "add r0, r12\n"                                         \
  MOTE_PLACE_LOAD " r2, [r0]\n"                           \
  "muls r2, r1, r2\n"                                     \
  "adds r4, r4, r2\n"                                     \
  MOTE_PLACE_LOAD " r2, [r0, #1*" MOTE_PLACE_BYTES "]\n"  \
  "muls r2, r1, r2\n"                                     \
  "adds r5, r5, r2\n"                                     \
  MOTE_PLACE_LOAD " r2, [r0, #2*" MOTE_PLACE_BYTES "]\n"  \
  "muls r2, r1, r2\n"                                     \
  "adds r6, r6, r2\n"                                     \
  MOTE_PLACE_LOAD " r2, [r0, #3*" MOTE_PLACE_BYTES "]\n"  \
  "muls r1, r2, r1\n"                                     \
  "adds r7, r7, r1\n"

/* Sums of the places from `begin` to `end`, a multiple of 4, over a multiple of 3 taps, modulo 2^32. Takes every register:
 * r8 start, r9 taps, r10 sums, r11 end, lr the taps' end. */
__attribute__((naked, noinline)) static void mote_line_sums(const mote_line_place *begin, const mote_line_place *end,
                                                            int32_t *sums, const mote_line_tap *taps,
                                                            const mote_line_tap *taps_end, int32_t start) {
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
      "movs r0, #4*" MOTE_PLACE_BYTES "\n"
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
#else /* the same in C, for RV32IM and the host */
static void mote_line_sums(const mote_line_place *begin, const mote_line_place *end, int32_t *sums,
                           const mote_line_tap *taps, const mote_line_tap *taps_end, int32_t start) {
  for (; begin != end; begin += 4) {
    uint32_t a = (uint32_t)start;
    uint32_t b = a;
    uint32_t c = a;
    uint32_t d = a;
    for (const mote_line_tap *t = taps; t != taps_end; t++) {
      const mote_line_place *at = (const mote_line_place *)((const char *)begin + t->offset);
      const uint32_t w = (uint32_t)t->weight;
      a += at[0] * w;
      b += at[1] * w;
      c += at[2] * w;
      d += at[3] * w;
    }
    sums[0] = (int32_t)a;
    sums[1] = (int32_t)b;
    sums[2] = (int32_t)c;
    sums[3] = (int32_t)d;
    sums += 4;
  }
}
#endif
