/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of two output pixels at a time for DSP instructions: what its kernels share. The taps of both pixels are
 * widened to 16 bits in the scratch once, in SXTB16's order, and used by all output channels.
 * Before this header, a kernel defines its loop's step (MOTE_DSP_STEP) and the words of weights that it takes (MOTE_DSP_STEP_WORDS), how the odd channels' sums come out of the loop
 * (MOTE_DSP_SPLIT) and are requantized (MOTE_DSP_TFLITE_ODD, MOTE_DSP_RECTIFIED_ODD). One with a loop of its own defines
 * MOTE_DSP_WINDOWS_ONLY and takes the taps alone. */
#ifndef MOTE_DSP_CONV2X4_H
#define MOTE_DSP_CONV2X4_H

#include <stdint.h>
#include <string.h>

#include "mote/conv2d.h"
#include "mote/dsp_block.h"

#ifndef MOTE_DSP_WINDOWS_ONLY

/* Two sums of one channel, one for each pixel. */
#define MOTE_DSP_TWO(a, b, requantize) \
  "ldmia r1!, {r2, r3, r4}\n"          \
  requantize(a)                        \
  requantize(b)

#define MOTE_DSP_EIGHT(even, odd)  \
  MOTE_DSP_TWO("r6", "r7", even)   \
  MOTE_DSP_TWO("r8", "r9", odd)    \
  MOTE_DSP_TWO("r10", "r11", even) \
  MOTE_DSP_TWO("r12", "lr", odd)

/* All blocks from b->w to b->w_end. r0 taps, r1 constants, r2 to r5 operands; sums of the channels 0 to 3: r6 r8 r10 r12
 * for pixel a, r7 r9 r11 lr for pixel b. Steps are a multiple of 4. On the stack: the block's fields but w. */
__attribute__((naked, noinline)) static void mote_dsp_blocks(__attribute__((unused)) const mote_dsp_block *b) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "sub sp, sp, #24\n"
      "ldm r0, {r2, r3, r4, r5, r6, r7, r8}\n"
      "stm sp, {r2, r3, r4, r5, r6, r7}\n"
      "mov r1, r8\n"
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
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      "3:\n"
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      MOTE_DSP_STEP
      "ldr r2, [sp, #4]\n"
      "cmp r0, r2\n"
      "blo 2b\n"
      MOTE_DSP_SPLIT
      "bne 5f\n"
      MOTE_DSP_EIGHT(MOTE_DSP_RECTIFIED_EVEN, MOTE_DSP_RECTIFIED_ODD)
      "4:\n"
      "ldrd r2, r3, [sp, #16]\n"
      "ldr r4, [sp, #12]\n"
      "strb r6, [r2], #1\n"
      "strb r8, [r2], #1\n"
      "strb r10, [r2], #1\n"
      "strb r12, [r2], #1\n"
      "strb r7, [r3], #1\n"
      "strb r9, [r3], #1\n"
      "strb r11, [r3], #1\n"
      "strb lr, [r3], #1\n"
      "strd r2, r3, [sp, #16]\n"
      "cmp r1, r4\n"
      "bne 1b\n"
      "add sp, sp, #24\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"
      "5:\n"
      "sub r2, r0, r2\n"
      "cmp r2, #2\n"
      "beq 6f\n"
      MOTE_DSP_EIGHT(MOTE_DSP_TFLITE_EVEN, MOTE_DSP_TFLITE_ODD)
      "b 4b\n"
      "6:\n"
      MOTE_DSP_EIGHT(MOTE_DSP_SINGLE_ANY, MOTE_DSP_SINGLE_ANY)
      "b 4b\n");
}

#endif

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
static inline int32_t *mote_dsp_widen(int32_t *x, const int8_t *a, const int8_t *b, int32_t count) {
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

/* The core reads and writes words at any address. */
typedef struct __attribute__((packed, may_alias)) {
  uint32_t v;
} mote_dsp_word;

/* The barriers keep the compiler from calling memcpy and memset, and from unrolling. */
static inline void mote_dsp_copy(int8_t *to, const int8_t *from, int32_t count) {
  for (; count >= 4; count -= 4, to += 4, from += 4) {
    ((mote_dsp_word *)to)->v = ((const mote_dsp_word *)from)->v;
    __asm__ volatile("" ::: "memory");
  }
  for (; count > 0; count--) {
    *to++ = *from++;
    __asm__ volatile("" ::: "memory");
  }
}

static inline void mote_dsp_fill(int8_t *to, int32_t value, int32_t count) {
  const uint32_t word = (uint32_t)(value & 0xFF) * 0x01010101u;
  for (; count >= 4; count -= 4, to += 4) {
    ((mote_dsp_word *)to)->v = word;
    __asm__ volatile("" ::: "memory");
  }
  for (; count > 0; count--) {
    *to++ = (int8_t)value;
    __asm__ volatile("" ::: "memory");
  }
}

/* The taps of one window row at (y, x), put together in `buffer`: zero point outside the image. */
__attribute__((noinline)) static const int8_t *mote_dsp_edge(const mote_conv2d_s8s8_dsp *p, const int8_t *input,
                                                             int32_t y, int32_t x, int8_t *buffer) {
  const int32_t in_c = p->in_c;
  const uint32_t in_w = (uint32_t)y < (uint32_t)p->in_h ? (uint32_t)p->in_w : 0;
  input += (y * p->in_w + x) * in_c;
  for (int8_t *to = buffer; to != buffer + p->row_bytes; to += in_c) {
    if ((uint32_t)x < in_w)
      mote_dsp_copy(to, input, in_c);
    else
      mote_dsp_fill(to, p->input_zero_point, in_c);
    x += p->dilation_w;
    input += p->dilation_w * in_c;
  }
  return buffer;
}

typedef struct {
  int32_t y, x;
} mote_dsp_pixel;

static inline int mote_dsp_inside(const mote_conv2d_s8s8_dsp *p, mote_dsp_pixel at) {
  return (uint32_t)at.y < (uint32_t)p->inside_h && (uint32_t)at.x < (uint32_t)p->inside_w;
}

/* All taps of the windows of two pixels. */
static inline void mote_dsp_windows(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int32_t *x, int8_t *buffer,
                                    mote_dsp_pixel a, mote_dsp_pixel b) {
  const int inside_a = mote_dsp_inside(p, a);
  const int inside_b = mote_dsp_inside(p, b);
  int32_t at_a = (a.y * p->in_w + a.x) * p->in_c;
  int32_t at_b = (b.y * p->in_w + b.x) * p->in_c;
  for (int32_t ky = 0;;) {
    const int8_t *from_a = inside_a ? input + at_a : mote_dsp_edge(p, input, a.y + ky, a.x, buffer);
    const int8_t *from_b = inside_b ? input + at_b : mote_dsp_edge(p, input, b.y + ky, b.x, buffer + p->row_bytes);
    x = mote_dsp_widen(x, from_a, from_b, p->row_bytes);
    ky += p->dilation_h;
    if (ky == p->span_h) return;
    at_a += p->row_step;
    at_b += p->row_step;
  }
}

#ifndef MOTE_DSP_WINDOWS_ONLY

/* Channels of two pixels beyond the whole blocks, by way of `rest`, and bounds that are not int8's. */
__attribute__((noinline)) static void mote_dsp_rest(const mote_conv2d_s8s8_dsp *p, const mote_dsp_block *k,
                                                    int8_t *out_a, int8_t *out_b, int8_t *rest) {
  const int32_t whole = p->out_c & ~3;
  if (p->out_c != whole) {
    mote_dsp_block last = *k;
    last.w = k->w_end;
    last.w_end = k->w_end + 16 + MOTE_DSP_STEP_WORDS * p->steps;
    last.out_a = rest;
    last.out_b = rest + 4;
    mote_dsp_blocks(&last);
    for (int32_t i = 0; i < p->out_c - whole; i++) {
      out_a[whole + i] = rest[i];
      out_b[whole + i] = rest[4 + i];
    }
  }
  /* The pixels lie side by side, or are the same one. */
  mote_dsp_clamp(out_a, out_b == out_a ? p->out_c : 2 * p->out_c, p->output_min, p->output_max);
}

/* All channels of two pixels whose taps are in the scratch. */
static inline void mote_dsp_channels(const mote_conv2d_s8s8_dsp *p, mote_dsp_block *k, int8_t *out_a, int8_t *out_b,
                                     int8_t *rest) {
  k->out_a = out_a;
  k->out_b = out_b;
  if (k->w != k->w_end) mote_dsp_blocks(k);
  if (rest) mote_dsp_rest(p, k, out_a, out_b, rest);
}

#endif

static inline void mote_dsp_next(const mote_conv2d_s8s8_dsp *p, mote_dsp_pixel *at, int32_t *column) {
  at->x += p->stride_w;
  if (++*column == p->out_w) {
    *column = 0;
    at->x = -p->pad_left;
    at->y += p->stride_h;
  }
}

#ifndef MOTE_DSP_WINDOWS_ONLY

/* 1x1 with stride 1: pixels follow each other in input and output. */
static inline void mote_dsp_flat(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int8_t *output, mote_dsp_block *k,
                                 int32_t *x, int8_t *rest) {
  const int32_t in_c = p->in_c;
  const int32_t out_c = p->out_c;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= 2) {
    const int32_t second = left > 1;
    mote_dsp_widen(x, input, second ? input + in_c : input, in_c);
    mote_dsp_channels(p, k, output, second ? output + out_c : output, rest);
    input += 2 * in_c;
    output += 2 * out_c;
  }
}

/* An odd last pixel is computed twice, to the same place. */
static inline void mote_dsp_conv2x4(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int8_t *output,
                                    void *scratch) {
  int32_t *const x = (int32_t *)scratch;
  int8_t *const buffer = (int8_t *)(x + 2 * p->steps);
  const int32_t *const whole_end = p->weights + (p->out_c >> 2) * (16 + MOTE_DSP_STEP_WORDS * p->steps);
  mote_dsp_block k = {x, buffer - p->mode, p->steps, whole_end, 0, 0, p->weights};
  const int simple = (p->out_c & 3) == 0 && p->output_min == -128 && p->output_max == 127;
  int8_t *const rest = simple ? 0 : buffer + 2 * p->row_bytes;
  if (p->flat) {
    mote_dsp_flat(p, input, output, &k, x, rest);
    return;
  }
  mote_dsp_pixel at = {-p->pad_top, -p->pad_left};
  int32_t column = 0;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= 2) {
    const mote_dsp_pixel a = at;
    int8_t *out_b = output;
    if (left > 1) {
      mote_dsp_next(p, &at, &column);
      out_b += p->out_c;
    }
    mote_dsp_windows(p, input, x, buffer, a, at);
    mote_dsp_channels(p, &k, output, out_b, rest);
    output += 2 * p->out_c;
    mote_dsp_next(p, &at, &column);
  }
}

#endif

#endif
