/* SPDX-License-Identifier: Apache-2.0 */
/* Dot products of int8 on Helium, requantized, for the kernels whose constants are one stream (conv2d.h).
 *
 * VMLADAVA sums 16 products into an even general register, and there are eight of those: two pixels by four channels (a
 * 16-byte block of inputs is loaded once for four channels, one of weights once for two pixels), or one pixel by eight
 * channels. That takes every even register, so the loop does without LR and its low-overhead branch, which the eighth
 * accumulator more than pays for. Written as assembly because compilers keep other values in even registers and spill.
 *
 * Requantization, four channels in the lanes of a vector:
 * - tflite: VQRDMULH, then y + (y >> 31) by VQDMLAH, then VRSHL by shift <= -1: rounds ties away from zero;
 * - single: VMULH, then VRSHL by shift + 1 <= -1: floor((x m + 2^(t-1)) / 2^t) needs no bit below 2^32 for t >= 33. */
#ifndef MOTE_MVE_STREAM_H
#define MOTE_MVE_STREAM_H

#include <arm_mve.h>
#include <stdint.h>

#include "mote/requantize.h"

/* Output side of a layer. */
typedef struct {
  int32x4_t min, max, zero_point;
} mote_mve_output;

static inline mote_mve_output mote_mve_output_of(int32_t min, int32_t max, int32_t zero_point) {
  const mote_mve_output o = {vdupq_n_s32(min), vdupq_n_s32(max), vdupq_n_s32(zero_point)};
  return o;
}

/* Copies count >= 0 bytes. */
static inline int8_t *mote_mve_copy(int8_t *to, const int8_t *from, int32_t count) {
  int8_t *end = to + count;
  __asm__ volatile(
      "wlstp.8 lr, %2, 2f\n"
      "1: vldrb.8 q0, [%0], #16\n"
      "vstrb.8 q0, [%1], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      : "+r"(from), "+r"(to)
      : "r"(count)
      : "lr", "q0", "memory", "cc");
  return end;
}

/* Copies `rows` > 0 rows of count > 0 bytes, `step` bytes apart, to one after the other. */
static inline void mote_mve_copy_rows(int8_t *to, const int8_t *from, int32_t count, int32_t step, int32_t rows) {
  const int8_t *x;
  int8_t *y;
  __asm__ volatile(
      "1: mov %[x], %[from]\n"
      "mov %[y], %[to]\n"
      "dlstp.8 lr, %[count]\n"
      "2: vldrb.8 q0, [%[x]], #16\n"
      "vstrb.8 q0, [%[y]], #16\n"
      "letp lr, 2b\n"
      "add %[from], %[from], %[step]\n"
      "add %[to], %[to], %[count]\n"
      "subs %[rows], %[rows], #1\n"
      "bne 1b\n"
      : [x] "=&r"(x), [y] "=&r"(y), [from] "+r"(from), [to] "+r"(to), [rows] "+r"(rows)
      : [count] "r"(count), [step] "r"(step)
      : "lr", "q0", "memory", "cc");
}

/* The same in whole vectors, for rows of 1 ... 16 and 33 ... 48 bytes: each overwrites what the one before it wrote too
 * much. */
static inline void mote_mve_copy_rows16(int8_t *to, const int8_t *from, int32_t count, int32_t step, int32_t rows) {
  __asm__ volatile(
      "dls lr, %[rows]\n"
      "1: vldrb.8 q0, [%[from]]\n"
      "add %[from], %[from], %[step]\n"
      "vstrb.8 q0, [%[to]]\n"
      "add %[to], %[to], %[count]\n"
      "le lr, 1b\n"
      : [from] "+r"(from), [to] "+r"(to)
      : [count] "r"(count), [step] "r"(step), [rows] "r"(rows)
      : "lr", "q0", "memory", "cc");
}

static inline void mote_mve_copy_rows48(int8_t *to, const int8_t *from, int32_t count, int32_t step, int32_t rows) {
  __asm__ volatile(
      "dls lr, %[rows]\n"
      "1: vldrb.8 q0, [%[from]]\n"
      "vldrb.8 q1, [%[from], #16]\n"
      "vldrb.8 q2, [%[from], #32]\n"
      "add %[from], %[from], %[step]\n"
      "vstrb.8 q0, [%[to]]\n"
      "vstrb.8 q1, [%[to], #16]\n"
      "vstrb.8 q2, [%[to], #32]\n"
      "add %[to], %[to], %[count]\n"
      "le lr, 1b\n"
      : [from] "+r"(from), [to] "+r"(to)
      : [count] "r"(count), [step] "r"(step), [rows] "r"(rows)
      : "lr", "q0", "q1", "q2", "memory", "cc");
}

/* Sets count >= 0 bytes. */
static inline int8_t *mote_mve_fill(int8_t *to, int32_t value, int32_t count) {
  int8_t *end = to + count;
  __asm__ volatile(
      "vdup.8 q0, %1\n"
      "wlstp.8 lr, %2, 2f\n"
      "1: vstrb.8 q0, [%0], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      : "+r"(to)
      : "r"(value), "r"(count)
      : "lr", "q0", "memory", "cc");
  return end;
}

#define MOTE_MVE_BLOCK(OP) \
  "vldrb.8 q0, [r1], #16\n" \
  "vldrb.8 q2, [r5], #16\n" \
  "vldrb.8 q1, [r11], #16\n" \
  OP " r0, q0, q2\n" \
  OP " r2, q1, q2\n" \
  "vldrb.8 q3, [r5], #16\n" \
  OP " r4, q0, q3\n" \
  OP " r6, q1, q3\n" \
  "vldrb.8 q2, [r5], #16\n" \
  OP " r8, q0, q2\n" \
  OP " r10, q1, q2\n" \
  "vldrb.8 q3, [r5], #16\n" \
  OP " r12, q0, q3\n" \
  OP " lr, q1, q3\n"

#define MOTE_MVE_ROW_BLOCK(OP) \
  "vldrb.8 q0, [r1], #16\n" \
  "vldrb.8 q2, [r5], #16\n" \
  OP " r0, q0, q2\n" \
  "vldrb.8 q3, [r5], #16\n" \
  OP " r2, q0, q3\n" \
  "vldrb.8 q2, [r5], #16\n" \
  OP " r4, q0, q2\n" \
  "vldrb.8 q3, [r5], #16\n" \
  OP " r6, q0, q3\n" \
  "vldrb.8 q2, [r5], #16\n" \
  OP " r8, q0, q2\n" \
  "vldrb.8 q3, [r5], #16\n" \
  OP " r10, q0, q3\n" \
  "vldrb.8 q2, [r5], #16\n" \
  OP " r12, q0, q2\n" \
  "vldrb.8 q3, [r5], #16\n" \
  OP " lr, q0, q3\n"

/* The groups of a stream, one after the other. In: r0 end of the stream, r2 depth. r9 becomes the end of the first patch;
 * q7 keeps what r0 and r2 held. Output pointers are in low registers, as VSTRB.32 wants. */
#define MOTE_MVE_GROUPS(BLOCK, FINISH, STORE, REWIND) \
  "vmov s28, s29, r0, r2\n" \
  "add r9, r1, r2\n" \
  "1:\n" \
  BLOCK("vmladav.s8") \
  "cmp r1, r9\n" \
  "beq 3f\n" \
  "2:\n" \
  BLOCK("vmladava.s8") \
  "cmp r1, r9\n" \
  "bne 2b\n" \
  "3:\n" \
  FINISH \
  "vrshl.s32 q0, q0, q3\n" \
  STORE \
  "vmov r0, r2, s28, s29\n" \
  "sub r1, r1, r2\n" \
  REWIND \
  "cmp r5, r0\n" \
  "bne 1b\n"

/* y + (y >> 31): VQDMLAH adds floor(2 y / 2^32). ONE holds 1. */
#define MOTE_MVE_AWAY(Q, ONE) "vqdmlah.s32 " Q ", " Q ", " ONE "\n"

/* Two pixels: q0 and q1 are four channels of each. */
#define MOTE_MVE_PAIR_SUMS \
  "vmov q0[2], q0[0], r0, r8\n" \
  "vmov q0[3], q0[1], r4, r12\n" \
  "vmov q1[2], q1[0], r2, r10\n" \
  "vmov q1[3], q1[1], r6, lr\n" \
  "vldrb.8 q3, [r5], #16\n" \
  "vldrb.8 q2, [r5], #16\n" \
  "vadd.i32 q0, q0, q3\n" \
  "vadd.i32 q1, q1, q3\n" \
  "vldrb.8 q3, [r5], #16\n"

#define MOTE_MVE_PAIR_TFLITE \
  MOTE_MVE_PAIR_SUMS \
  "vqrdmulh.s32 q0, q0, q2\n" \
  "vqrdmulh.s32 q1, q1, q2\n" \
  "mov r0, #1\n" \
  MOTE_MVE_AWAY("q0", "r0") \
  MOTE_MVE_AWAY("q1", "r0")

#define MOTE_MVE_PAIR_SINGLE \
  MOTE_MVE_PAIR_SUMS \
  "vmulh.s32 q0, q0, q2\n" \
  "vmulh.s32 q1, q1, q2\n"

#define MOTE_MVE_CLAMP(Q) \
  "vadd.i32 " Q ", " Q ", q6\n" \
  "vmax.s32 " Q ", " Q ", q4\n" \
  "vmin.s32 " Q ", " Q ", q5\n"

#define MOTE_MVE_PAIR_STORE \
  "vrshl.s32 q1, q1, q3\n" \
  MOTE_MVE_CLAMP("q0") \
  MOTE_MVE_CLAMP("q1") \
  "vstrb.32 q0, [r3], #4\n" \
  "vstrb.32 q1, [r7], #4\n"

/* One pixel: q0 and q1 are eight channels. */
#define MOTE_MVE_ROW_SUMS \
  "vmov q0[2], q0[0], r0, r4\n" \
  "vmov q0[3], q0[1], r2, r6\n" \
  "vmov q1[2], q1[0], r8, r12\n" \
  "vmov q1[3], q1[1], r10, lr\n" \
  "vldrb.8 q3, [r5], #16\n" \
  "vldrb.8 q2, [r5], #16\n" \
  "vadd.i32 q0, q0, q3\n" \
  "vadd.i32 q1, q1, q2\n" \
  "vldrb.8 q3, [r5], #16\n" \
  "vldrb.8 q2, [r5], #16\n"

#define MOTE_MVE_ROW_TFLITE \
  MOTE_MVE_ROW_SUMS \
  "vqrdmulh.s32 q0, q0, q3\n" \
  "vqrdmulh.s32 q1, q1, q2\n" \
  "mov r0, #1\n" \
  MOTE_MVE_AWAY("q0", "r0") \
  MOTE_MVE_AWAY("q1", "r0") \
  "vldrb.8 q3, [r5], #16\n" \
  "vldrb.8 q2, [r5], #16\n"

#define MOTE_MVE_ROW_SINGLE \
  MOTE_MVE_ROW_SUMS \
  "vmulh.s32 q0, q0, q3\n" \
  "vmulh.s32 q1, q1, q2\n" \
  "vldrb.8 q3, [r5], #16\n" \
  "vldrb.8 q2, [r5], #16\n"

#define MOTE_MVE_ROW_STORE \
  "vrshl.s32 q1, q1, q2\n" \
  MOTE_MVE_CLAMP("q0") \
  MOTE_MVE_CLAMP("q1") \
  "vstrb.32 q0, [r3], #4\n" \
  "vstrb.32 q1, [r3], #4\n"

#define MOTE_MVE_CLOBBERS "r4", "r6", "r8", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "q7", "memory", "cc"

/* The channels of [stream, end) for two patches of `depth` bytes, a multiple of 16; depth > 0, stream < end. */
static inline void mote_mve_pair(const int8_t *first, const int8_t *second, int32_t depth, const int8_t *stream,
                                 const int8_t *end, int8_t *out_first, int8_t *out_second, const mote_mve_output *o,
                                 int32_t rounding) {
  register const int8_t *r0 __asm__("r0") = end;
  register const int8_t *r1 __asm__("r1") = first;
  register int32_t r2 __asm__("r2") = depth;
  register const int8_t *r11 __asm__("r11") = second;
  register const int8_t *r5 __asm__("r5") = stream;
  register int8_t *r3 __asm__("r3") = out_first;
  register int8_t *r7 __asm__("r7") = out_second;
  register int32x4_t q4 __asm__("q4") = o->min;
  register int32x4_t q5 __asm__("q5") = o->max;
  register int32x4_t q6 __asm__("q6") = o->zero_point;
  if (rounding == MOTE_ROUNDING_SINGLE) {
    __asm__ volatile(MOTE_MVE_GROUPS(MOTE_MVE_BLOCK, MOTE_MVE_PAIR_SINGLE, MOTE_MVE_PAIR_STORE, "sub r11, r11, r2\n")
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r5), "+r"(r7), "+r"(r11)
                     : "w"(q4), "w"(q5), "w"(q6)
                     : "r9", MOTE_MVE_CLOBBERS);
  } else {
    __asm__ volatile(MOTE_MVE_GROUPS(MOTE_MVE_BLOCK, MOTE_MVE_PAIR_TFLITE, MOTE_MVE_PAIR_STORE, "sub r11, r11, r2\n")
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r5), "+r"(r7), "+r"(r11)
                     : "w"(q4), "w"(q5), "w"(q6)
                     : "r9", MOTE_MVE_CLOBBERS);
  }
}

/* The same for one patch, eight channels at a time. */
static inline void mote_mve_row(const int8_t *patch, int32_t depth, const int8_t *stream, const int8_t *end,
                                int8_t *output, const mote_mve_output *o, int32_t rounding) {
  register const int8_t *r0 __asm__("r0") = end;
  register const int8_t *r1 __asm__("r1") = patch;
  register int32_t r2 __asm__("r2") = depth;
  register const int8_t *r5 __asm__("r5") = stream;
  register int8_t *r3 __asm__("r3") = output;
  register int32x4_t q4 __asm__("q4") = o->min;
  register int32x4_t q5 __asm__("q5") = o->max;
  register int32x4_t q6 __asm__("q6") = o->zero_point;
  if (rounding == MOTE_ROUNDING_SINGLE) {
    __asm__ volatile(MOTE_MVE_GROUPS(MOTE_MVE_ROW_BLOCK, MOTE_MVE_ROW_SINGLE, MOTE_MVE_ROW_STORE, "")
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r5)
                     : "w"(q4), "w"(q5), "w"(q6)
                     : "r9", MOTE_MVE_CLOBBERS);
  } else {
    __asm__ volatile(MOTE_MVE_GROUPS(MOTE_MVE_ROW_BLOCK, MOTE_MVE_ROW_TFLITE, MOTE_MVE_ROW_STORE, "")
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r5)
                     : "w"(q4), "w"(q5), "w"(q6)
                     : "r9", MOTE_MVE_CLOBBERS);
  }
}

#endif
