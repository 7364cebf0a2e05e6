/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 convolution by DSP instructions, two pixels by four channels, sums of 32 bits: 15 instructions for 16
 * products. For filters that cannot sum beyond 32 bits, which the packer has added up; SMLAD wraps on the way, which does
 * not matter. Weights are bytes (even channel's tap 0, odd's tap 0, even's tap 1, odd's tap 1) for SXTB16. */
#include "mote/conv2d.h"
#include "mote/dsp_finish16.h"

#define MOTE_DSP16_PARAMS mote_conv2d_s16s8_dsp
#include "mote/dsp_conv16.h"

/* Read by LDM. */
typedef struct {
  const uint32_t *x;
  const uint32_t *x_end;
  int32_t steps;
  const int32_t *w_end;
  int16_t *out_a, *out_b;
  int32_t mode;
  const int32_t *w;
} block;

/* Two taps of both pixels: r2, r3; weights of two channels: r4, r5. */
#define STEP                   \
  "ldmia r0!, {r2, r3}\n"      \
  "ldr r4, [r1], #4\n"         \
  "sxtb16 r5, r4\n"            \
  "sxtb16 r4, r4, ror #8\n"    \
  "smlad r6, r5, r2, r6\n"     \
  "smlad r7, r5, r3, r7\n"     \
  "smlad r8, r4, r2, r8\n"     \
  "smlad r9, r4, r3, r9\n"     \
  "ldr r4, [r1], #4\n"         \
  "sxtb16 r5, r4\n"            \
  "sxtb16 r4, r4, ror #8\n"    \
  "smlad r10, r5, r2, r10\n"   \
  "smlad r11, r5, r3, r11\n"   \
  "smlad r12, r4, r2, r12\n"   \
  "smlad lr, r4, r3, lr\n"

#define TWO(a, b, finish)      \
  "ldmia r1!, {r2, r3, r4}\n"  \
  finish(a)                    \
  finish(b)

#define EIGHT(finish)          \
  TWO("r6", "r7", finish)      \
  TWO("r8", "r9", finish)      \
  TWO("r10", "r11", finish)    \
  TWO("r12", "lr", finish)

/* All blocks from b->w to b->w_end. r0 taps, r1 constants, r2 to r5 operands; sums of the channels 0 to 3: r6 r8 r10 r12
 * for pixel a, r7 r9 r11 lr for pixel b. Steps are a multiple of 4. On the stack: the block's fields but w. */
__attribute__((naked, noinline)) static void blocks(__attribute__((unused)) const block *b) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "sub sp, sp, #28\n"
      "ldm r0, {r2, r3, r4, r5, r6, r7, r8, r9}\n"
      "stm sp, {r2, r3, r4, r5, r6, r7, r8}\n"
      "mov r1, r9\n"
      "1:\n"
      "ldm r1!, {r6, r8, r10, r12}\n"
      "ldr r0, [sp]\n"
      "ldr r3, [sp, #8]\n"
      "mov r7, r6\n"
      "mov r9, r8\n"
      "mov r11, r10\n"
      "mov lr, r12\n"
      "lsls r3, r3, #30\n"
      "bcs 3f\n"
      "2:\n"
      STEP STEP STEP STEP
      "3:\n"
      STEP STEP STEP STEP
      "ldr r2, [sp, #4]\n"
      "cmp r0, r2\n"
      "blo 2b\n"
      "ldr r2, [sp, #24]\n"
      "cmp r2, #1\n"
      "beq 5f\n"
      "bhi 6f\n"
      EIGHT(MOTE_DSP16_FINISH_SIGNED)
      "4:\n"
      "ldrd r2, r3, [sp, #16]\n"
      "ldr r4, [sp, #12]\n"
      "strh r6, [r2], #2\n"
      "strh r8, [r2], #2\n"
      "strh r10, [r2], #2\n"
      "strh r12, [r2], #2\n"
      "strh r7, [r3], #2\n"
      "strh r9, [r3], #2\n"
      "strh r11, [r3], #2\n"
      "strh lr, [r3], #2\n"
      "strd r2, r3, [sp, #16]\n"
      "cmp r1, r4\n"
      "bne 1b\n"
      "add sp, sp, #28\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"
      "5:\n"
      EIGHT(MOTE_DSP16_FINISH_RELU)
      "b 4b\n"
      "6:\n"
      EIGHT(MOTE_DSP16_FINISH_TFLITE)
      "b 4b\n");
}

/* Channels of two pixels beyond the whole blocks, by way of `rest`. */
__attribute__((noinline)) static void last_channels(const mote_conv2d_s16s8_dsp *p, const block *k, int16_t *out_a,
                                                    int16_t *out_b, int16_t *rest) {
  const int32_t whole = p->out_c & ~3;
  block last = *k;
  last.w = k->w_end;
  last.w_end = k->w_end + 16 + 2 * p->steps;
  last.out_a = rest;
  last.out_b = rest + 4;
  blocks(&last);
  for (int32_t i = 0; i < p->out_c - whole; i++) {
    out_a[whole + i] = rest[i];
    out_b[whole + i] = rest[4 + i];
  }
}

/* An odd last pixel is computed twice, to the same place. */
void mote_conv2d_s16s8_dsp__dsp_2x4(const mote_conv2d_s16s8_dsp *p, const int16_t *input, int16_t *output,
                                    void *scratch) {
  uint32_t *const x = (uint32_t *)scratch;
  int16_t *const buffer = (int16_t *)(x + 2 * p->steps);
  const int32_t *const whole_end = p->weights + (p->out_c >> 2) * (16 + 2 * p->steps);
  block k = {x, x + 2 * p->steps, p->steps, whole_end, 0, 0, p->mode, p->weights};
  mote_dsp16_pixel at = {-p->pad_top, -p->pad_left, 0};
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= 2) {
    const mote_dsp16_pixel a = at;
    k.out_a = output;
    k.out_b = output;
    if (left > 1) {
      at = mote_dsp16_next(p, at);
      k.out_b += p->out_c;
    }
    mote_dsp16_gather(p, input, x, buffer, a, at);
    int16_t *const second = k.out_b;
    if (k.w != whole_end) blocks(&k);
    if (p->out_c & 3) last_channels(p, &k, output, second, buffer + 2 * p->row_count);
    if (p->clamped) mote_dsp16_clamp(output, left > 1 ? 2 * p->out_c : p->out_c, p->output_min, p->output_max);
    output += 2 * p->out_c;
    at = mote_dsp16_next(p, at);
  }
}
