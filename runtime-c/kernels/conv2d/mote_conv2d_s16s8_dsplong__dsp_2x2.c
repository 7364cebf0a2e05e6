/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 convolution by DSP instructions, two pixels by two channels, sums of 64 bits: 9 instructions for 8
 * products. For any weights, biases and scales. */
#include "mote/conv2d.h"
#include "mote/requantize.h"

#define MOTE_DSP16_PARAMS mote_conv2d_s16s8_dsplong
#include "mote/dsp_conv16.h"

#define STEP                       \
  "ldmia r0!, {r2, r3}\n"          \
  "ldr r12, [r1], #4\n"            \
  "sxtb16 lr, r12\n"               \
  "sxtb16 r12, r12, ror #8\n"      \
  "smlald r4, r5, lr, r2\n"        \
  "smlald r6, r7, lr, r3\n"        \
  "smlald r8, r9, r12, r2\n"       \
  "smlald r10, r11, r12, r3\n"

/* Sums of an even channel for pixel a, for b, and of the odd channel after it for both. r0 taps, r1 weights, r4 to r11
 * sums; on the stack where the taps end and where the sums go. Steps are a multiple of 4. */
__attribute__((naked, noinline)) static void four_sums(__attribute__((unused)) const uint32_t *x,
                                                       __attribute__((unused)) const int32_t *w,
                                                       __attribute__((unused)) const uint32_t *x_end,
                                                       __attribute__((unused)) int64_t *sums) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "movs r4, #0\n"
      "movs r5, #0\n"
      "movs r6, #0\n"
      "movs r7, #0\n"
      "mov r8, r4\n"
      "mov r9, r4\n"
      "mov r10, r4\n"
      "mov r11, r4\n"
      "1:\n"
      STEP STEP STEP STEP
      "ldr r2, [sp]\n"
      "cmp r0, r2\n"
      "bne 1b\n"
      "ldr r2, [sp, #4]\n"
      "stm r2, {r4, r5, r6, r7, r8, r9, r10, r11}\n"
      "pop {r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

static int16_t finish(const mote_conv2d_s16s8_dsplong *p, int64_t sum, int32_t c) {
  const int64_t acc = sum + p->bias[c];
  const int32_t q = c * p->requantize_step;
  const int32_t scaled = p->accumulator_bits == 64
                             ? mote_requantize64(acc, p->multiplier[q], p->shift[q])
                             : mote_requantize((int32_t)acc, p->multiplier[q], p->shift[q], p->rounding);
  return (int16_t)mote_clamp(scaled, p->output_min, p->output_max);
}

static void two_pixels(const mote_conv2d_s16s8_dsplong *p, const uint32_t *x, int16_t *out_a, int16_t *out_b) {
  const int32_t *w = p->weights;
  for (int32_t c = 0; c < p->out_c; c += 2) {
    int64_t sums[4];
    four_sums(x, w, x + 2 * p->steps, sums);
    w += p->steps;
    out_a[c] = finish(p, sums[0], c);
    out_b[c] = finish(p, sums[1], c);
    if (c + 1 == p->out_c) return;
    out_a[c + 1] = finish(p, sums[2], c + 1);
    out_b[c + 1] = finish(p, sums[3], c + 1);
  }
}

/* An odd last pixel is computed twice, to the same place. */
void mote_conv2d_s16s8_dsplong__dsp_2x2(const mote_conv2d_s16s8_dsplong *p, const int16_t *input, int16_t *output,
                                        void *scratch) {
  uint32_t *const x = (uint32_t *)scratch;
  int16_t *const buffer = (int16_t *)(x + 2 * p->steps);
  mote_dsp16_pixel at = {-p->pad_top, -p->pad_left, 0};
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= 2) {
    const mote_dsp16_pixel a = at;
    int16_t *out_b = output;
    if (left > 1) {
      at = mote_dsp16_next(p, at);
      out_b += p->out_c;
    }
    mote_dsp16_gather(p, input, x, buffer, a, at);
    two_pixels(p, x, output, out_b);
    output += 2 * p->out_c;
    at = mote_dsp16_next(p, at);
  }
}
