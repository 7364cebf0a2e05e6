/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms and products of Winograd's F(2x2, 3x3) (winograd.h) for DSP instructions. A position of two tiles is one
 * word that says where it ends, then for each pair of channels a word of either tile. */
#ifndef MOTE_WINOGRAD_DSP_H
#define MOTE_WINOGRAD_DSP_H

#include <stdint.h>

#include "mote/dsp_block.h"
#include "mote/dsp_word.h"

static inline uint32_t mote_winograd_add(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("sadd16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(b) : "cc");
  return r;
}

static inline uint32_t mote_winograd_sub(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("ssub16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(b) : "cc");
  return r;
}

/* Bytes 0 and 2 of a word as two 16-bit lanes. */
static inline uint32_t mote_winograd_even(uint32_t word) {
  uint32_t r;
  __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(word));
  return r;
}

/* Bytes 1 and 3. */
static inline uint32_t mote_winograd_odd(uint32_t word) {
  uint32_t r;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(word));
  return r;
}

/* Each position's first word is its end, which is where the next one begins. */
static inline void mote_winograd_ends(int32_t *tiles, int32_t position) {
  for (int32_t i = 0; i < 16; i++) {
    tiles[0] = (int32_t)(intptr_t)(tiles + position);
    tiles += position;
  }
}

/* B^T times a column, rows u = 1, 2, 0, 3, to every sixth word. */
static inline void mote_winograd_column(uint32_t d0, uint32_t d1, uint32_t d2, uint32_t d3, uint32_t *to) {
  to[0] = mote_winograd_add(d1, d2);
  to[6] = mote_winograd_sub(d2, d1);
  to[12] = mote_winograd_sub(d0, d2);
  to[18] = mote_winograd_sub(d1, d3);
}

/* B^T d B of both tiles for four channels: six columns of four pixels at `at`, the second tile two columns on. */
static inline void mote_winograd_four(const int8_t *const *at, int32_t c, uint32_t *to, int32_t position) {
  uint32_t even[24];
  uint32_t odd[24];
#pragma GCC unroll 1
  for (int32_t j = 0; j < 6; j++) {
    const uint32_t d0 = mote_dsp_load4(at[4 * j] + c);
    const uint32_t d1 = mote_dsp_load4(at[4 * j + 1] + c);
    const uint32_t d2 = mote_dsp_load4(at[4 * j + 2] + c);
    const uint32_t d3 = mote_dsp_load4(at[4 * j + 3] + c);
    mote_winograd_column(mote_winograd_even(d0), mote_winograd_even(d1), mote_winograd_even(d2), mote_winograd_even(d3),
                         even + j);
    mote_winograd_column(mote_winograd_odd(d0), mote_winograd_odd(d1), mote_winograd_odd(d2), mote_winograd_odd(d3),
                         odd + j);
  }
#pragma GCC unroll 1
  for (int32_t u = 0; u < 4; u++) {
    const uint32_t *const e = even + 6 * u;
    const uint32_t *const o = odd + 6 * u;
    uint32_t *v = to + u * position;
    v[0] = mote_winograd_add(e[1], e[2]);
    v[1] = mote_winograd_add(e[3], e[4]);
    v[2] = mote_winograd_add(o[1], o[2]);
    v[3] = mote_winograd_add(o[3], o[4]);
    v += 4 * position;
    v[0] = mote_winograd_sub(e[0], e[2]);
    v[1] = mote_winograd_sub(e[2], e[4]);
    v[2] = mote_winograd_sub(o[0], o[2]);
    v[3] = mote_winograd_sub(o[2], o[4]);
    v += 4 * position;
    v[0] = mote_winograd_sub(e[2], e[1]);
    v[1] = mote_winograd_sub(e[4], e[3]);
    v[2] = mote_winograd_sub(o[2], o[1]);
    v[3] = mote_winograd_sub(o[4], o[3]);
    v += 4 * position;
    v[0] = mote_winograd_sub(e[1], e[3]);
    v[1] = mote_winograd_sub(e[3], e[5]);
    v[2] = mote_winograd_sub(o[1], o[3]);
    v[3] = mote_winograd_sub(o[3], o[5]);
  }
}

__attribute__((noinline)) static void mote_winograd_transform(const int8_t *const *at, int32_t in_c, int32_t *tiles,
                                                              int32_t position) {
  uint32_t *to = (uint32_t *)tiles;
  for (int32_t c = 0; c < in_c; c += 4, to += 4) mote_winograd_four(at, c, to, position);
}

/* One pair of channels: both tiles by four channels. */
#define MOTE_WINOGRAD_STEP       \
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

/* All channels of one position. */
#define MOTE_WINOGRAD_POSITION   \
  "ldr r2, [r0], #4\n"           \
  "str r2, [sp, #96]\n"          \
  "8:\n"                         \
  MOTE_WINOGRAD_STEP             \
  MOTE_WINOGRAD_STEP             \
  MOTE_WINOGRAD_STEP             \
  MOTE_WINOGRAD_STEP             \
  "ldr r2, [sp, #96]\n"          \
  "cmp r0, r2\n"                 \
  "blo 8b\n"

#define MOTE_WINOGRAD_SUMS "{r6, r7, r8, r9, r10, r11, r12, lr}\n"

/* Four outputs (r8 and r6 of the first tile, r9 and r7 of the second) of a row from its transformed sums; r10 is free
 * for the rounding. */
#define MOTE_WINOGRAD_ROW(at, to, requantize) \
  "ldrd r6, r7, [r0, #" at "]\n"              \
  "ldrd r8, r9, [r0, #" at " + 64]\n"         \
  "ldrd r10, r11, [r0, #" at " + 128]\n"      \
  "ldrd r12, lr, [r0, #" at " + 192]\n"       \
  "add r8, r8, r6\n"                          \
  "add r9, r9, r7\n"                          \
  "sub r6, r6, r10\n"                         \
  "sub r7, r7, r11\n"                         \
  "add r8, r8, r10\n"                         \
  "add r9, r9, r11\n"                         \
  "sub r6, r6, r12\n"                         \
  "sub r7, r7, lr\n"                          \
  requantize("r8")                            \
  requantize("r6")                            \
  requantize("r9")                            \
  requantize("r7")                            \
  "strb r6, [r5, #" to " + 4]\n"              \
  "strb r9, [r5, #" to " + 8]\n"              \
  "strb r7, [r5, #" to " + 12]\n"

/* Both rows of the four channels: r0 walks the sums, r5 the outputs. */
#define MOTE_WINOGRAD_OUTPUTS(requantize)     \
  "7:\n"                                      \
  "ldmia r1!, {r2, r3, r4}\n"                 \
  MOTE_WINOGRAD_ROW("32", "16", requantize)   \
  "strb r8, [r5, #16]\n"                      \
  MOTE_WINOGRAD_ROW("0", "0", requantize)     \
  "strb r8, [r5], #1\n"                       \
  "add r0, r0, #8\n"                          \
  "tst r5, #3\n"                              \
  "bne 7b\n"

/* The sums come times 4. */
#define MOTE_WINOGRAD_TFLITE(sum)             \
  "asr " sum ", " sum ", #1\n"                \
  "add r10, r3, " sum ", asr #31\n"           \
  "smmlar " sum ", " sum ", r2, r10\n"        \
  MOTE_DSP_SHIFT(sum)

/* Outputs of four channels of both tiles to made (aligned by 4), 8 pixels of 4 bytes; returns the constants' end. On the
 * stack: q and q2 of a column (32 bytes each), 32 zero bytes, end of the position, tiles, made, mode, the column's place,
 * and at 120 the columns' sums: for each column both rows, 8 sums each. */
__attribute__((naked, noinline)) static const int32_t *mote_winograd_channels(
    __attribute__((unused)) const int32_t *tiles, __attribute__((unused)) const int32_t *w,
    __attribute__((unused)) int8_t *made, __attribute__((unused)) int32_t mode) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "sub sp, sp, #380\n"
      "add r4, sp, #120\n"
      "str r4, [sp, #112]\n"
      "strd r2, r3, [sp, #104]\n"
      "mov r6, #0\n"
      "mov r7, r6\n"
      "mov r8, r6\n"
      "mov r9, r6\n"
      "add r2, sp, #64\n"
      "stmia r2!, {r6, r7, r8, r9}\n"
      "stmia r2!, {r6, r7, r8, r9}\n"
      "ldmia r1!, {r6, r8, r10, r12}\n"
      "mov r7, r6\n"
      "mov r9, r8\n"
      "mov r11, r10\n"
      "mov lr, r12\n"
      "1:\n"
      MOTE_WINOGRAD_POSITION
      "stm sp, " MOTE_WINOGRAD_SUMS
      MOTE_WINOGRAD_POSITION
      "add r2, sp, #32\n"
      "stm r2, " MOTE_WINOGRAD_SUMS
      MOTE_WINOGRAD_POSITION
      "ldr r2, [sp, #112]\n"
      "stmia r2!, " MOTE_WINOGRAD_SUMS
      "str r2, [sp, #112]\n"
      "add r2, sp, #32\n"
      "ldm r2, " MOTE_WINOGRAD_SUMS
      "ldm sp, {r2, r3, r4, r5}\n"
      "rsb r6, r6, r2, lsl #1\n"
      "rsb r7, r7, r3, lsl #1\n"
      "rsb r8, r8, r4, lsl #1\n"
      "rsb r9, r9, r5, lsl #1\n"
      "add r2, sp, #16\n"
      "ldm r2, {r2, r3, r4, r5}\n"
      "rsb r10, r10, r2, lsl #1\n"
      "rsb r11, r11, r3, lsl #1\n"
      "rsb r12, r12, r4, lsl #1\n"
      "rsb lr, lr, r5, lsl #1\n"
      MOTE_WINOGRAD_POSITION
      "ldr r2, [sp, #112]\n"
      "stmia r2!, " MOTE_WINOGRAD_SUMS
      "str r2, [sp, #112]\n"
      "add r3, sp, #376\n"
      "cmp r2, r3\n"
      "beq 2f\n"
      "add r2, sp, #64\n"
      "ldm r2, " MOTE_WINOGRAD_SUMS
      "b 1b\n"
      "2:\n"
      "add r0, sp, #120\n"
      "ldrd r5, r2, [sp, #104]\n"
      "cmp r2, #1\n"
      "beq 3f\n"
      MOTE_WINOGRAD_OUTPUTS(MOTE_DSP_SINGLE_ANY)
      "b 4f\n"
      "3:\n"
      MOTE_WINOGRAD_OUTPUTS(MOTE_WINOGRAD_TFLITE)
      "4:\n"
      "mov r0, r1\n"
      "add sp, sp, #380\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

#endif
