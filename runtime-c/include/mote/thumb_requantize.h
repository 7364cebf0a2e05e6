/* SPDX-License-Identifier: Apache-2.0 */
/* Requantization without a 64-bit product, for |x| < 2^28 and multipliers below 1 (shift -1 … -23), both contracts.
 *
 * x = xh * 2^16 + xl with xl in [-2^15, 2^15), multiplier = high * 2^16 + low with low in [0, 2^16):
 *   floor((x * m + half * 2^16) / 2^31)
 *     = 2 * xh * high + floor((xh * low + xl * high + floor(xl * low / 2^16) + half) / 2^15)
 * and no term leaves 32 bits: |xl * high| <= 2^30, |xh * low| <= 2^28, |xl * low| < 2^31.
 * tflite: half = 2^14 makes it the saturating rounding doubling high multiply (it cannot saturate here); the rounding
 *         shift's ties go away from zero by adding the sign, which is left out where outputs below zero are clamped;
 * single: half = 0, no sign: floor((floor(x * m / 2^31) + 2^(s-1)) / 2^s) is the one rounding shift for s >= 1. */
#ifndef MOTE_THUMB_REQUANTIZE_H
#define MOTE_THUMB_REQUANTIZE_H

#include <stdint.h>

/* A naked function finds its parameters in registers; GCC would have them named. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* One output channel. */
typedef struct {
  int32_t low, high; /* multiplier & 0xffff, multiplier >> 16 */
  int32_t round;     /* 2^(shift-1) + output zero point * 2^shift */
  int32_t shift;     /* right, >= 1 */
} mote_thumb_scale;

typedef struct {
  int32_t half, min, max;
  int32_t step;  /* bytes from output to output of a channel */
  int32_t signs; /* 1: add the sign */
  const int32_t *acc;
  int8_t *output;
  const mote_thumb_scale *scale;
  int32_t acc_bytes; /* of one channel: 4 for each output */
  int32_t channels;  /* neighbours: one output byte, one scale, acc_step bytes of sums further */
  int32_t acc_step;
} mote_thumb_finish;

#ifdef __thumb__
/* x -> y before the rounding shift: r2 -> r2; r5, r6 low and high, r3, r4 free. */
#define MOTE_THUMB_MULTIPLY \
  "ldmia r0!, {r2}\n"       \
  "sxth r3, r2\n"           \
  "subs r2, r2, r3\n"       \
  "asrs r2, r2, #16\n"      \
  "mov r4, r3\n"            \
  "muls r4, r5, r4\n"       \
  "asrs r4, r4, #16\n"      \
  "muls r3, r6, r3\n"       \
  "adds r4, r4, r3\n"       \
  "mov r3, r2\n"            \
  "muls r3, r5, r3\n"       \
  "adds r4, r4, r3\n"       \
  "add r4, r8\n"            \
  "asrs r4, r4, #15\n"      \
  "muls r2, r6, r2\n"       \
  "lsls r2, r2, #1\n"       \
  "adds r2, r2, r4\n"

/* Shift, clamp, store. */
#define MOTE_THUMB_STORE(loop, below, above, store) \
  "add r2, r9\n"                                    \
  "asrs r2, r2, r7\n"                               \
  "cmp r2, r11\n"                                   \
  "blt " below "f\n"                                \
  "cmp r2, r12\n"                                   \
  "bgt " above "f\n" store ":\n"                    \
  "strb r2, [r1]\n"                                 \
  "add r1, lr\n"                                    \
  "cmp r0, r10\n"                                   \
  "bne " loop "b\n"                                 \
  "b 9f\n" below ":\n"                              \
  "mov r2, r11\n"                                   \
  "b " store "b\n" above ":\n"                      \
  "mov r2, r12\n"                                   \
  "b " store "b\n"

/* Sums of some channels -> outputs. r0 sums, r1 output, r5 low, r6 high, r7 shift, r8 half, r9 round, r10 end of the
 * sums, r11 and r12 the bounds, lr the step. */
__attribute__((naked, noinline, unused)) static void mote_thumb_finish_channels(mote_thumb_finish *job) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r0, r4, r5, r6, r7}\n" /* the job at sp */
      "ldmia r0!, {r1, r2, r3, r4}\n"
      "mov r8, r1\n"
      "mov r11, r2\n"
      "mov r12, r3\n"
      "mov lr, r4\n"
      "1:\n" /* a channel */
      "ldr r4, [sp]\n"
      "ldr r2, [r4, #28]\n"
      "ldmia r2!, {r5, r6}\n"
      "ldmia r2!, {r3, r7}\n"
      "str r2, [r4, #28]\n"
      "mov r9, r3\n"
      "ldr r0, [r4, #20]\n"
      "ldr r1, [r4, #40]\n"
      "adds r1, r0, r1\n"
      "str r1, [r4, #20]\n"
      "ldr r1, [r4, #32]\n"
      "adds r1, r0, r1\n"
      "mov r10, r1\n"
      "ldr r1, [r4, #24]\n"
      "adds r2, r1, #1\n"
      "str r2, [r4, #24]\n"
      "ldr r2, [r4, #16]\n"
      "cmp r2, #0\n"
      "bne 6f\n"
      "2:\n" MOTE_THUMB_MULTIPLY MOTE_THUMB_STORE("2", "3", "4", "5")
      "6:\n" MOTE_THUMB_MULTIPLY
      "asrs r3, r2, #31\n"
      "adds r2, r2, r3\n" MOTE_THUMB_STORE("6", "7", "8", "0")
      "9:\n"
      "ldr r4, [sp]\n"
      "ldr r0, [r4, #36]\n"
      "subs r0, #1\n"
      "str r0, [r4, #36]\n"
      "bne 1b\n"
      "pop {r3, r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#else /* the same for the host */
static inline void mote_thumb_finish_channels(mote_thumb_finish *job) {
  const int32_t count = job->acc_bytes >> 2;
  for (; job->channels > 0; job->channels--) {
    const mote_thumb_scale *s = job->scale++;
    int8_t *output = job->output++;
    for (int32_t i = 0; i < count; i++) {
      const int32_t xl = (int16_t)job->acc[i];
      const int32_t xh = (job->acc[i] - xl) >> 16;
      int32_t y = 2 * xh * s->high + ((xh * s->low + xl * s->high + ((xl * s->low) >> 16) + job->half) >> 15);
      if (job->signs) y += y >> 31;
      y = (y + s->round) >> s->shift;
      *output = (int8_t)(y < job->min ? job->min : y > job->max ? job->max : y);
      output += job->step;
    }
    job->acc += job->acc_step >> 2;
  }
}
#endif

#endif
