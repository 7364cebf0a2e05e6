/* SPDX-License-Identifier: Apache-2.0 */
/* From 32-bit sums to int16 for DSP instructions: the forms of dsp_block.h, saturated to 16 bits. A channel's constants
 * are multiplier m, rounding r and shift s >= 1:
 * - MOTE_DSP16_SIGNED: (high word of (sum * m) + r) >> s, saturated. One rounding shift, and what 64-bit sums get
 *   (mote_requantize64) as well: its 15-bit multiplier moved up so that the shift is by 32 + s;
 * - MOTE_DSP16_RELU: the same saturated to 0 ... 32767;
 * - MOTE_DSP16_TFLITE: (high word of (2 * sum * m + 2^31) + r - (sum < 0)) >> s, saturated.
 * The packer has shown for the layer's weights that sums and these terms fit 32 bits. */
#ifndef MOTE_DSP_FINISH16_H
#define MOTE_DSP_FINISH16_H

#include <stdint.h>

enum { MOTE_DSP16_SIGNED = 0, MOTE_DSP16_RELU = 1, MOTE_DSP16_TFLITE = 2 };

/* m, r, s are in r2, r3, r4, and r5 is free. */
#define MOTE_DSP16_FINISH_SIGNED(sum)      \
  "smmla " sum ", " sum ", r2, r3\n"       \
  "asr " sum ", " sum ", r4\n"             \
  "ssat " sum ", #16, " sum "\n"

#define MOTE_DSP16_FINISH_RELU(sum)        \
  "smmla " sum ", " sum ", r2, r3\n"       \
  "asr " sum ", " sum ", r4\n"             \
  "usat " sum ", #15, " sum "\n"

#define MOTE_DSP16_FINISH_TFLITE(sum)      \
  "lsl " sum ", " sum ", #1\n"             \
  "add r5, r3, " sum ", asr #31\n"         \
  "smmlar " sum ", " sum ", r2, r5\n"      \
  "asr " sum ", " sum ", r4\n"             \
  "ssat " sum ", #16, " sum "\n"

/* Bounds that saturation has not met. */
__attribute__((noinline)) static void mote_dsp16_clamp(int16_t *out, int32_t count, int32_t min, int32_t max) {
  for (const int16_t *const end = out + count; out != end; out++) {
    const int32_t v = *out;
    *out = (int16_t)(v < min ? min : v > max ? max : v);
    __asm__ volatile("" ::: "memory");
  }
}

#endif
