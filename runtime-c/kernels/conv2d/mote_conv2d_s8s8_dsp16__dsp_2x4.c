/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution by DSP instructions, two pixels by four channels, weights of 16 bits: 11 instructions for 16
 * products, in twice the flash. */
#define MOTE_DSP_STEP_WORDS 4
#define MOTE_DSP_STEP          \
  "ldmia r0!, {r2, r3}\n"      \
  "ldmia r1!, {r4, r5}\n"      \
  "smlad r6, r4, r2, r6\n"     \
  "smlad r7, r4, r3, r7\n"     \
  "smlad r8, r5, r2, r8\n"     \
  "smlad r9, r5, r3, r9\n"     \
  "ldmia r1!, {r4, r5}\n"      \
  "smlad r10, r4, r2, r10\n"   \
  "smlad r11, r4, r3, r11\n"   \
  "smlad r12, r5, r2, r12\n"   \
  "smlad lr, r5, r3, lr\n"
#define MOTE_DSP_SPLIT ""
#define MOTE_DSP_TFLITE_ODD MOTE_DSP_TFLITE_EVEN
#define MOTE_DSP_RECTIFIED_ODD MOTE_DSP_RECTIFIED_EVEN

#include "mote/dsp_conv2x4.h"

void mote_conv2d_s8s8_dsp16__dsp_2x4(const mote_conv2d_s8s8_dsp16 *p, const int8_t *input, int8_t *output,
                                     void *scratch) {
  mote_dsp_conv2x4(p, input, output, scratch);
}
