/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 fully connected layer by DSP instructions, one row by four channels, sums of 64 bits: 12 instructions for
 * 8 products. For any weights, biases and scales. */
#include <string.h>

#include "mote/fullyconnected.h"
#include "mote/requantize.h"

/* Two taps; a row may lie at any address of an int16, which LDR takes and LDM does not. */
#define STEP                       \
  "ldr r2, [r0], #4\n"             \
  "ldr r3, [r1], #4\n"             \
  "sxtb16 r12, r3\n"               \
  "sxtb16 r3, r3, ror #8\n"        \
  "smlald r4, r5, r12, r2\n"       \
  "smlald r6, r7, r3, r2\n"        \
  "ldr r3, [r1], #4\n"             \
  "sxtb16 r12, r3\n"               \
  "sxtb16 r3, r3, ror #8\n"        \
  "smlald r8, r9, r12, r2\n"       \
  "smlald r10, r11, r3, r2\n"

/* Sums of four channels. r0 taps, r1 weights, lr end of the taps, r4 to r11 sums, which go to the address on the stack. */
__attribute__((naked, noinline)) static void four_sums(__attribute__((unused)) const int16_t *x,
                                                       __attribute__((unused)) const int32_t *w,
                                                       __attribute__((unused)) const int16_t *x_end,
                                                       __attribute__((unused)) int64_t *sums) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "mov lr, r2\n"
      "movs r4, #0\n"
      "movs r5, #0\n"
      "movs r6, #0\n"
      "movs r7, #0\n"
      "mov r8, r4\n"
      "mov r9, r4\n"
      "mov r10, r4\n"
      "mov r11, r4\n"
      "1:\n"
      STEP STEP
      "cmp r0, lr\n"
      "bne 1b\n"
      "ldr r2, [sp]\n"
      "stm r2, {r4, r5, r6, r7, r8, r9, r10, r11}\n"
      "pop {r3, r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

static int16_t finish(const mote_fullyconnected_s16s8_dsplong *p, int64_t sum, int32_t c) {
  const int64_t acc = sum + p->bias[c];
  const int32_t q = c * p->requantize_step;
  const int32_t scaled = p->accumulator_bits == 64
                             ? mote_requantize64(acc, p->multiplier[q], p->shift[q])
                             : mote_requantize((int32_t)acc, p->multiplier[q], p->shift[q], p->rounding);
  return (int16_t)mote_clamp(scaled, p->output_min, p->output_max);
}

static void one_row(const mote_fullyconnected_s16s8_dsplong *p, const int16_t *row, int16_t *output) {
  const int32_t *w = p->weights;
  for (int32_t c = 0; c < p->out_c; c += 4) {
    int64_t sums[4];
    four_sums(row, w, row + 4 * p->steps, sums);
    w += 4 * p->steps;
    for (int32_t i = 0; i < 4 && c + i < p->out_c; i++) output[c + i] = finish(p, sums[i], c + i);
  }
}

void mote_fullyconnected_s16s8_dsplong__dsp_1x4(const mote_fullyconnected_s16s8_dsplong *p, const int16_t *input,
                                                int16_t *output, void *scratch) {
  const int32_t copied = p->in_c & 3 ? 4 * p->steps : 0;
  int16_t *const copy = (int16_t *)scratch;
  for (int32_t r = 0; r < p->rows; r++) {
    const int16_t *row = input;
    if (copied) {
      memset(copy + copied - 4, 0, 8);
      memcpy(copy, input, 2 * (size_t)p->in_c);
      row = copy;
    }
    one_row(p, row, output);
    input += p->in_c;
    output += p->out_c;
  }
}
