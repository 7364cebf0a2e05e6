/* SPDX-License-Identifier: Apache-2.0 */
/* Requantization in three or four instructions of the DSP extension, for kernels whose accumulator is doubled (their
 * weights and bias are stored times two) and whose channels all shift right, by s = -shift >= 1.
 *
 * multiplier, s and round = 2^(s-1) + (output zero point << s) give, for the doubled sum x,
 *   single: (high word of x * multiplier + round) >> s, which is one rounding shift by 31 + s of half of x;
 *   tflite: SMMLAR rounds the high word, which is gemmlowp's doubling high multiply; ties of the shift go away from
 *           zero by subtracting 1 where that product is negative. The sign of x does as well: they differ only where
 *           the product is 0, and 2^(s-1) - 1 and 2^(s-1) are both 0 after the shift.
 * Then saturation to int8. Tighter bounds are a pass of their own (dsp_clamp.h). The packer checks that nothing here
 * overflows. The macros are assembly text: T is clobbered and holds the result, X the doubled sum, M, R, S the constants. */
#ifndef MOTE_DSP_REQUANTIZE_H
#define MOTE_DSP_REQUANTIZE_H

#define MOTE_DSP_SINGLE(T, X, M, R, S) \
  "smmla " T ", " X ", " M ", " R "\n\t" \
  "asr " T ", " T ", " S "\n\t" \
  "ssat " T ", #8, " T "\n\t"

#define MOTE_DSP_TFLITE(T, X, M, R, S) \
  "smmlar " T ", " X ", " M ", " R "\n\t" \
  "add " T ", " T ", " X ", asr #31\n\t" \
  "asr " T ", " T ", " S "\n\t" \
  "ssat " T ", #8, " T "\n\t"

#endif
