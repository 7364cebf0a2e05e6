/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of four output channels for Armv7E-M and Armv8-M with DSP instructions. They are written in assembly, whole
 * functions, because a compiler spills: eight sums, four operands and two pointers take all 14 registers.
 *
 * Constants, made by the packer, one stream; for each block of four channels:
 * - four initial sums;
 * - weights: two words per pair of taps, the first for channels 0 and 1, the second for 2 and 3. A word has two 16-bit
 *   lanes, one per tap. `paired`: a lane is 256 * odd channel's weight + even channel's weight. One SMLAD with the word
 *   as it is sums 256 * odd + even, one with SXTB16 of it the even channel alone; the odd sum is their difference. That
 *   saves the extraction of the odd weights, and is exact modulo 2^32 where the odd sum is below 2^23 in size.
 *   `wide`: the bytes of a lane are the two weights, extracted by SXTB16 and SXTB16 of the word rotated by 8;
 * - for each channel multiplier m, rounding r, shift s, so that
 *   MOTE_DSP_TFLITE: output = (high word of (2 * sum * m + 2^31) + r - (sum < 0)) >> s, with
 *     r = 2^(s - 1) + zero point * 2^s. This is the doubling high multiply and the rounding shift in one: m >= 2^30 makes
 *     the high product's sign the sum's (but for m = 2^30 and sum = -1, where both signs round to 0), s >= 1.
 *   MOTE_DSP_RECTIFIED: the same for outputs bounded by their zero point, where a tie below 0 does not matter:
 *     (high word of (2 * sum * m + 2^31) + r) >> s, and for a paired odd channel, whose sum comes times 256, without
 *     doubling (high word of (256 * sum * m) + r) >> s with s greater by 7 and 64 added to r.
 *   MOTE_DSP_SINGLE: output = (high word of (sum * m) + r) >> s, s >= 1; a paired odd sum comes times 256. */
#ifndef MOTE_DSP_BLOCK_H
#define MOTE_DSP_BLOCK_H

#include <stdint.h>

enum { MOTE_DSP_RECTIFIED = 0, MOTE_DSP_TFLITE = 1, MOTE_DSP_SINGLE = 2 };

/* Read by LDM. The end of the taps comes less the mode: the comparison that ends the loop over the taps leaves the carry
 * set for the end, and zero for mode 0. */
typedef struct {
  const void *x;
  const void *x_end;
  int32_t steps;
  const int32_t *w_end;
  int8_t *out_a, *out_b; /* one row: out_a */
  const int32_t *w;
} mote_dsp_block;

/* Two 16-bit values in one word: the low half of a below the low half of b. */
static inline int32_t mote_dsp_pack(int32_t a, int32_t b) {
  return (int32_t)(((uint32_t)a & 0xFFFFu) | ((uint32_t)b << 16));
}

/* SSAT has clamped to int8; narrower bounds are rare. The barrier keeps the compiler from unrolling. */
__attribute__((noinline)) static void mote_dsp_clamp(int8_t *out, int32_t count, int32_t min, int32_t max) {
  for (const int8_t *const end = out + count; out != end; out++) {
    const int32_t v = *out;
    *out = (int8_t)(v < min ? min : v > max ? max : v);
    __asm__ volatile("" ::: "memory");
  }
}

/* Requantization of one sum in its register: m, r, s are in r2, r3, r4, and r5 is free. */
#define MOTE_DSP_SHIFT(sum)                \
  "asr " sum ", " sum ", r4\n"             \
  "ssat " sum ", #8, " sum "\n"

#define MOTE_DSP_DOUBLE(sum) "lsl " sum ", " sum ", #1\n"

#define MOTE_DSP_TFLITE_DOUBLED(sum)       \
  "add r5, r3, " sum ", asr #31\n"         \
  "smmlar " sum ", " sum ", r2, r5\n"      \
  MOTE_DSP_SHIFT(sum)

#define MOTE_DSP_TFLITE_EVEN(sum) MOTE_DSP_DOUBLE(sum) MOTE_DSP_TFLITE_DOUBLED(sum)

#define MOTE_DSP_RECTIFIED_EVEN(sum)       \
  MOTE_DSP_DOUBLE(sum)                     \
  "smmlar " sum ", " sum ", r2, r3\n"      \
  MOTE_DSP_SHIFT(sum)

#define MOTE_DSP_SINGLE_ANY(sum)           \
  "smmla " sum ", " sum ", r2, r3\n"       \
  MOTE_DSP_SHIFT(sum)

/* The odd sums of paired weights, times 256. */
#define MOTE_DSP_PAIRED_TFLITE_ODD(sum) "asr " sum ", " sum ", #7\n" MOTE_DSP_TFLITE_DOUBLED(sum)
#define MOTE_DSP_PAIRED_RECTIFIED_ODD(sum) MOTE_DSP_SINGLE_ANY(sum)

#endif
