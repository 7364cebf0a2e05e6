/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution by DSP instructions, two pixels by four channels, for any weights: 15 instructions for 16 products. */
#define MOTE_DSP_STEP_WORDS 2
#define MOTE_DSP_STEP              \
  "ldmia r0!, {r2, r3}\n"          \
  "ldr r4, [r1], #4\n"             \
  "sxtb16 r5, r4\n"                \
  "sxtb16 r4, r4, ror #8\n"        \
  "smlad r6, r5, r2, r6\n"         \
  "smlad r7, r5, r3, r7\n"         \
  "smlad r8, r4, r2, r8\n"         \
  "smlad r9, r4, r3, r9\n"         \
  "ldr r4, [r1], #4\n"             \
  "sxtb16 r5, r4\n"                \
  "sxtb16 r4, r4, ror #8\n"        \
  "smlad r10, r5, r2, r10\n"       \
  "smlad r11, r5, r3, r11\n"       \
  "smlad r12, r4, r2, r12\n"       \
  "smlad lr, r4, r3, lr\n"
#define MOTE_DSP_SPLIT ""
#define MOTE_DSP_TFLITE_ODD MOTE_DSP_TFLITE_EVEN
#define MOTE_DSP_RECTIFIED_ODD MOTE_DSP_RECTIFIED_EVEN

#include "mote/dsp_conv2x4.h"

void mote_conv2d_s8s8_dspwide__dsp_2x4(const mote_conv2d_s8s8_dspwide *p, const int8_t *input, int8_t *output,
                                       void *scratch) {
  mote_dsp_conv2x4(p, input, output, scratch);
}
