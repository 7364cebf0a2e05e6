/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of two output pixels at a time for DSP instructions: what its kernels share. The taps of both pixels are
 * widened to 16 bits in the scratch once, in SXTB16's order, and used by all output channels.
 * Before this header, a kernel defines its loop's step (MOTE_DSP_STEP), how the odd channels' sums come out of the loop
 * (MOTE_DSP_SPLIT) and how they become doubled sums (MOTE_DSP_ODD). */
#ifndef MOTE_DSP_CONV2X4_H
#define MOTE_DSP_CONV2X4_H

#include <stdint.h>
#include <string.h>

#include "mote/conv2d.h"
#include "mote/dsp_block.h"

/* Two sums of one channel, one for each pixel. */
#define MOTE_DSP_TWO_TFLITE(a, b, doubled) \
  "ldmia r0!, {r2, r3, r4}\n"              \
  doubled(a)                               \
  MOTE_DSP_ROUND_TFLITE(a)                 \
  doubled(b)                               \
  MOTE_DSP_ROUND_TFLITE(b)

#define MOTE_DSP_TWO_SINGLE(a, b) \
  "ldmia r0!, {r2, r3, r4}\n"     \
  MOTE_DSP_ROUND_SINGLE(a)        \
  MOTE_DSP_ROUND_SINGLE(b)

/* All blocks from b->w to b->w_end. r0 taps, r1 weights, r2 to r5 operands; sums of the channels 0 to 3: r6 r8 r10 r12
 * for pixel a, r7 r9 r11 lr for pixel b. On the stack: b, the end of the taps, the
 * rounding, single steps left. */
__attribute__((naked, noinline)) static void mote_dsp_blocks(__attribute__((unused)) mote_dsp_block *b) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "ldr r1, [r0, #4]\n"
      "str r1, [sp, #4]\n"
      "ldr r1, [r0, #32]\n"
      "str r1, [sp, #8]\n"
      "ldr r1, [r0, #12]\n"
      "1:\n"
      "ldr r2, [sp]\n"
      "ldr r3, [r2, #20]\n"
      "ldm r3, {r6, r8, r10, r12}\n"
      "ldr r0, [r2]\n"
      "mov r7, r6\n"
      "mov r9, r8\n"
      "mov r11, r10\n"
      "mov lr, r12\n"
      /* Steps over a multiple of 4 one by one, a group of 4 by jumping into the middle of the loop. */
      "ldr r3, [r2, #8]\n"
      "lsls r3, r3, #30\n"
      "beq 3f\n"
      "str r3, [sp, #12]\n"
      "2:\n"
      MOTE_DSP_STEP
      "ldr r3, [sp, #12]\n"
      "subs r3, r3, #0x40000000\n"
      "str r3, [sp, #12]\n"
      "bne 2b\n"
      "ldr r2, [sp, #4]\n"
      "cmp r0, r2\n"
      "beq 6f\n"
      "ldr r2, [sp]\n"
      "ldr r3, [r2, #8]\n"
      "lsls r3, r3, #30\n"
      "3:\n"
      "bcs 5f\n"
      "4:\n"
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      "5:\n"
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      "ldr r2, [sp, #4]\n"
      "cmp r0, r2\n"
      "bne 4b\n"
      "6:\n"
      MOTE_DSP_SPLIT
      "ldr r5, [sp]\n"
      "ldr r4, [sp, #8]\n"
      "ldr r0, [r5, #20]\n"
      "adds r0, r0, #16\n"
      "cmp r4, #0\n"
      "bne 7f\n"
      MOTE_DSP_TWO_TFLITE("r6", "r7", MOTE_DSP_EVEN)
      MOTE_DSP_TWO_TFLITE("r8", "r9", MOTE_DSP_ODD)
      MOTE_DSP_TWO_TFLITE("r10", "r11", MOTE_DSP_EVEN)
      MOTE_DSP_TWO_TFLITE("r12", "lr", MOTE_DSP_ODD)
      "b 8f\n"
      "7:\n"
      MOTE_DSP_TWO_SINGLE("r6", "r7")
      MOTE_DSP_TWO_SINGLE("r8", "r9")
      MOTE_DSP_TWO_SINGLE("r10", "r11")
      MOTE_DSP_TWO_SINGLE("r12", "lr")
      "8:\n"
      "ldr r5, [sp]\n"
      "ldr r4, [r5, #16]\n"
      "ldrd r2, r3, [r5, #24]\n"
      "strb r6, [r2], #1\n"
      "strb r8, [r2], #1\n"
      "strb r10, [r2], #1\n"
      "strb r12, [r2], #1\n"
      "strb r7, [r3], #1\n"
      "strb r9, [r3], #1\n"
      "strb r11, [r3], #1\n"
      "strb lr, [r3], #1\n"
      "strd r2, r3, [r5, #24]\n"
      "str r0, [r5, #20]\n"
      "cmp r1, r4\n"
      "bne 1b\n"
      "str r1, [r5, #12]\n"
      "add sp, sp, #16\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

#define MOTE_DSP_WIDEN            \
  "ldr r4, [%[a]], #4\n"          \
  "ldr r5, [%[b]], #4\n"          \
  "sxtb16 r2, r4\n"               \
  "sxtb16 r3, r5\n"               \
  "sxtb16 r4, r4, ror #8\n"       \
  "sxtb16 r5, r5, ror #8\n"       \
  "stmia %[x]!, {r2, r3, r4, r5}\n"

/* Widens `count` bytes of both pixels to k-pairs: taps 0 and 2 of four, then 1 and 3; a shorter rest (as the packer's
 * tapPairs) is (0,-), (0,1) or (0,2), (1,-). */
static int32_t *mote_dsp_widen(int32_t *x, const int8_t *a, const int8_t *b, int32_t count) {
  if (count >= 4) {
    const int8_t *const end = a + (count & ~3);
    __asm__ volatile(
        ".syntax unified\n"
        "tst %[count], #4\n"
        "bne 2f\n"
        "1:\n"
        MOTE_DSP_WIDEN
        "2:\n"
        MOTE_DSP_WIDEN
        "cmp %[a], %[end]\n"
        "bne 1b\n"
        : [x] "+r"(x), [a] "+r"(a), [b] "+r"(b)
        : [end] "r"(end), [count] "r"(count)
        : "r2", "r3", "r4", "r5", "cc", "memory");
  }
  const int32_t rest = count & 3;
  if (rest == 0) return x;
  const int32_t second = rest - 1; /* index of the tap beside tap 0; none where it is 0 */
  *x++ = mote_dsp_pack(a[0], second ? a[second] : 0);
  *x++ = mote_dsp_pack(b[0], second ? b[second] : 0);
  if (rest == 3) {
    *x++ = mote_dsp_pack(a[1], 0);
    *x++ = mote_dsp_pack(b[1], 0);
  }
  return x;
}

/* The taps of one window row at (y, x0): in the image where they lie side by side inside it, else put together in
 * `buffer`, zero point outside. */
static const int8_t *mote_dsp_row(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int32_t y, int32_t x0,
                                  int8_t *buffer) {
  const int32_t in_c = p->in_c;
  if ((uint32_t)y >= (uint32_t)p->in_h) {
    memset(buffer, p->input_zero_point, (size_t)p->row_bytes);
    return buffer;
  }
  input += y * p->in_w * in_c;
  if (p->dilation_w == 1 && x0 >= 0 && x0 + p->kernel_w <= p->in_w) return input + x0 * in_c;
  int8_t *to = buffer;
  for (int32_t i = 0; i < p->kernel_w; i++) {
    if ((uint32_t)x0 < (uint32_t)p->in_w)
      memcpy(to, input + x0 * in_c, (size_t)in_c);
    else
      memset(to, p->input_zero_point, (size_t)in_c);
    to += in_c;
    x0 += p->dilation_w;
  }
  return buffer;
}

typedef struct {
  int32_t y, x;
} mote_dsp_pixel;

/* All taps of the windows of two pixels. */
static void mote_dsp_windows(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int32_t *x, mote_dsp_pixel a,
                             mote_dsp_pixel b) {
  int8_t *const buffer = (int8_t *)(x + 2 * p->pairs);
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    const int8_t *ra = mote_dsp_row(p, input, a.y, a.x, buffer);
    const int8_t *rb = mote_dsp_row(p, input, b.y, b.x, buffer + p->row_bytes);
    x = mote_dsp_widen(x, ra, rb, p->row_bytes);
    a.y += p->dilation_h;
    b.y += p->dilation_h;
  }
}


/* All channels of two pixels whose taps are in the scratch. The last, incomplete block goes through `rest`. */
static void mote_dsp_channels(const mote_conv2d_s8s8_dsp *p, mote_dsp_block *k, int8_t *out_a, int8_t *out_b,
                              int8_t *rest) {
  const int32_t whole = p->out_c & ~3;
  k->w = p->weights;
  k->channels = p->channels;
  k->out_a = out_a;
  k->out_b = out_b;
  k->w_end = p->weights + whole / 2 * p->pairs;
  if (whole) mote_dsp_blocks(k);
  if (p->out_c != whole) {
    k->w_end += 2 * p->pairs;
    k->out_a = rest;
    k->out_b = rest + 4;
    mote_dsp_blocks(k);
    memcpy(out_a + whole, rest, (size_t)(p->out_c - whole));
    memcpy(out_b + whole, rest + 4, (size_t)(p->out_c - whole));
  }
  if (p->output_min > -128 || p->output_max < 127) {
    /* The pixels lie side by side, or are the same one. */
    mote_dsp_clamp(out_a, out_b == out_a ? p->out_c : 2 * p->out_c, p->output_min, p->output_max);
  }
}

static void mote_dsp_next(const mote_conv2d_s8s8_dsp *p, mote_dsp_pixel *at, int32_t *column) {
  at->x += p->stride_w;
  if (++*column == p->out_w) {
    *column = 0;
    at->x = -p->pad_left;
    at->y += p->stride_h;
  }
}

/* An odd last pixel is computed twice, to the same place. */
static inline void mote_dsp_conv2x4(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int8_t *output,
                                    void *scratch) {
  int32_t *const x = (int32_t *)scratch;
  int8_t *const rest = (int8_t *)(x + 2 * p->pairs) + 2 * p->row_bytes;
  mote_dsp_block k = {x, x + 2 * p->pairs, p->pairs, 0, 0, 0, 0, 0, p->rounding};
  mote_dsp_pixel at = {-p->pad_top, -p->pad_left};
  int32_t column = 0;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= 2) {
    const mote_dsp_pixel a = at;
    int8_t *out_b = output;
    if (left > 1) {
      mote_dsp_next(p, &at, &column);
      out_b += p->out_c;
    }
    mote_dsp_windows(p, input, x, a, at);
    mote_dsp_channels(p, &k, output, out_b, rest);
    output += 2 * p->out_c;
    mote_dsp_next(p, &at, &column);
  }
}

#endif
