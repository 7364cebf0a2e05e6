/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of int16 by two output pixels at a time for DSP instructions: what its kernels share. The taps of both
 * pixels' windows are laid side by side in the scratch, two taps of pixel a, then the same two of pixel b, and used by all
 * output channels. Before this header, a kernel defines its parameters' type, MOTE_DSP16_PARAMS; it then calls
 * mote_dsp16_gather for each two pixels and mote_dsp16_step to move on. */
#ifndef MOTE_DSP_CONV16_H
#define MOTE_DSP_CONV16_H

#include <stdint.h>

/* A word at any address of an int16. */
static inline uint32_t mote_dsp16_load2(const int16_t *x) {
  uint32_t word;
  __builtin_memcpy(&word, x, 4);
  return word;
}

/* Lays `count` taps of both pixels side by side; an odd last one gets 0 beside it. */
static inline uint32_t *mote_dsp16_lay(uint32_t *x, const int16_t *a, const int16_t *b, int32_t count) {
  if (count >= 4) {
    const int16_t *const end = a + (count & ~3);
    __asm__ volatile(
        ".syntax unified\n"
        "1:\n"
        "ldr r2, [%[a]], #4\n"
        "ldr r3, [%[b]], #4\n"
        "ldr r4, [%[a]], #4\n"
        "ldr r5, [%[b]], #4\n"
        "cmp %[a], %[end]\n"
        "stmia %[x]!, {r2, r3, r4, r5}\n"
        "bne 1b\n"
        : [x] "+r"(x), [a] "+r"(a), [b] "+r"(b)
        : [end] "r"(end)
        : "r2", "r3", "r4", "r5", "cc", "memory");
  }
  if (count & 2) {
    *x++ = mote_dsp16_load2(a);
    *x++ = mote_dsp16_load2(b);
    a += 2;
    b += 2;
  }
  if (count & 1) {
    *x++ = (uint16_t)*a;
    *x++ = (uint16_t)*b;
  }
  return x;
}

/* The taps of one window row at (y, x), put together in `buffer`: 0 outside the image. The barriers keep the compiler
 * from calling memcpy and memset, and from unrolling. */
__attribute__((noinline)) static const int16_t *mote_dsp16_edge(const MOTE_DSP16_PARAMS *p, const int16_t *input,
                                                               int32_t y, int32_t x, int16_t *buffer) {
  const uint32_t in_w = (uint32_t)y < (uint32_t)p->in_h ? (uint32_t)p->in_w : 0;
  input += (y * p->in_w + x) * p->in_c;
  for (int16_t *to = buffer; to != buffer + p->row_count;) {
    const int inside = (uint32_t)x < in_w;
    for (int32_t i = 0; i < p->in_c; i++) {
      *to++ = inside ? input[i] : 0;
      __asm__ volatile("" ::: "memory");
    }
    x += p->dilation_w;
    input += p->dilation_w * p->in_c;
  }
  return buffer;
}

/* The first row and column of a window in the image, and the column of its output pixel. */
typedef struct {
  int32_t y, x, column;
} mote_dsp16_pixel;

/* Moves to the next output pixel. */
static inline mote_dsp16_pixel mote_dsp16_next(const MOTE_DSP16_PARAMS *p, mote_dsp16_pixel at) {
  at.x += p->stride_w;
  if (++at.column == p->out_w) {
    at.column = 0;
    at.x = -p->pad_left;
    at.y += p->stride_h;
  }
  return at;
}

static inline int mote_dsp16_inside(const MOTE_DSP16_PARAMS *p, mote_dsp16_pixel at) {
  return (uint32_t)at.y < (uint32_t)p->inside_h && (uint32_t)at.x < (uint32_t)p->inside_w;
}

/* All taps of the windows of two pixels. `buffer` takes two rows of a window. */
static inline void mote_dsp16_gather(const MOTE_DSP16_PARAMS *p, const int16_t *input, uint32_t *x, int16_t *buffer,
                                     mote_dsp16_pixel a, mote_dsp16_pixel b) {
  const int inside_a = mote_dsp16_inside(p, a);
  const int inside_b = mote_dsp16_inside(p, b);
  int32_t at_a = (a.y * p->in_w + a.x) * p->in_c;
  int32_t at_b = (b.y * p->in_w + b.x) * p->in_c;
  for (int32_t ky = 0;;) {
    const int16_t *from_a = inside_a ? input + at_a : mote_dsp16_edge(p, input, a.y + ky, a.x, buffer);
    const int16_t *from_b = inside_b ? input + at_b : mote_dsp16_edge(p, input, b.y + ky, b.x, buffer + p->row_count);
    x = mote_dsp16_lay(x, from_a, from_b, p->row_count);
    ky += p->dilation_h;
    if (ky == p->span_h) return;
    at_a += p->row_step;
    at_b += p->row_step;
  }
}

#endif
