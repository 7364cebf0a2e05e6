/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer by DSP instructions, paired weights: 16 instructions for 16 products. */
#define MOTE_DSP_STEP_WORDS 4
#define MOTE_DSP_STEP              \
  "ldr r3, [r0], #4\n"             \
  "ldmia r1!, {r4, r5, r6, r7}\n"  \
  "sxtb16 r2, r3\n"                \
  "sxtb16 r3, r3, ror #8\n"        \
  "smlad r9, r4, r2, r9\n"         \
  "smlad r11, r5, r2, r11\n"       \
  "sxtb16 r4, r4\n"                \
  "sxtb16 r5, r5\n"                \
  "smlad r8, r4, r2, r8\n"         \
  "smlad r10, r5, r2, r10\n"       \
  "smlad r9, r6, r3, r9\n"         \
  "smlad r11, r7, r3, r11\n"       \
  "sxtb16 r6, r6\n"                \
  "sxtb16 r7, r7\n"                \
  "smlad r8, r6, r3, r8\n"         \
  "smlad r10, r7, r3, r10\n"
/* 256 times the odd channels' sums */
#define MOTE_DSP_SPLIT             \
  "sub r9, r9, r8\n"               \
  "sub r11, r11, r10\n"
#define MOTE_DSP_TFLITE_ODD MOTE_DSP_PAIRED_TFLITE_ODD
#define MOTE_DSP_RECTIFIED_ODD MOTE_DSP_PAIRED_RECTIFIED_ODD

#include "mote/dsp_fc1x4.h"

void mote_fullyconnected_s8s8_dsp__dsp_1x4(const mote_fullyconnected_s8s8_dsp *p, const int8_t *input, int8_t *output,
                                           void *scratch) {
  mote_dsp_fc1x4(p, input, output, scratch);
}
