/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution by DSP instructions, two pixels by four channels, paired weights: 12 instructions for 16 products. */
#define MOTE_DSP_STEP_WORDS 2
#define MOTE_DSP_STEP          \
  "ldmia r0!, {r2, r3}\n"      \
  "ldmia r1!, {r4, r5}\n"      \
  "smlad r8, r4, r2, r8\n"     \
  "smlad r9, r4, r3, r9\n"     \
  "sxtb16 r4, r4\n"            \
  "smlad r12, r5, r2, r12\n"   \
  "smlad lr, r5, r3, lr\n"     \
  "sxtb16 r5, r5\n"            \
  "smlad r6, r4, r2, r6\n"     \
  "smlad r7, r4, r3, r7\n"     \
  "smlad r10, r5, r2, r10\n"   \
  "smlad r11, r5, r3, r11\n"
/* 256 times the odd channels' sums */
#define MOTE_DSP_SPLIT         \
  "sub r8, r8, r6\n"           \
  "sub r9, r9, r7\n"           \
  "sub r12, r12, r10\n"        \
  "sub lr, lr, r11\n"
#define MOTE_DSP_TFLITE_ODD MOTE_DSP_PAIRED_TFLITE_ODD
#define MOTE_DSP_RECTIFIED_ODD MOTE_DSP_PAIRED_RECTIFIED_ODD

#include "mote/dsp_conv2x4.h"

void mote_conv2d_s8s8_dsp__dsp_2x4(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_dsp_conv2x4(p, input, output, scratch);
}
