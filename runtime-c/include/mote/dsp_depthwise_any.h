/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution with any window, for the DSP extension.
 *
 * Four channels of one pixel at a time, two taps per turn: PKHBT and PKHTB put the four bytes of both taps side by side,
 * SXTB16 makes (tap 0, tap 1) of each channel, SMLAD multiplies. Taps are found by a table of offsets: the packer's for
 * windows inside the image; one made per pixel at the border, where taps outside read a row of zero points.
 *
 * Constants of a group: four biases; for each pair of taps four words (weight of tap 0, of tap 1, as int16); then
 * multiplier, round and shift of each channel. */
#ifndef MOTE_DSP_DEPTHWISE_ANY_H
#define MOTE_DSP_DEPTHWISE_ANY_H

#include <string.h>

#include "mote/depthwiseconv2d.h"
#include "mote/dsp_clamp.h"
#include "mote/dsp_requantize.h"
#include "mote/requantize.h"

/* -O3 would copy what hardly runs. */
#define MOTE_DSP_NOINLINE __attribute__((noinline))

/* What the groups of one pixel share. */
typedef struct {
  const int32_t *offsets;
  int32_t pairs;
  int8_t *out;
  const int8_t *end;
} pixel;

#define CHANNEL(REQUANTIZE, SUM) \
  "ldm r1!, {r4, r5, r6}\n\t" \
  REQUANTIZE("r8", SUM, "r4", "r5", "r6") \
  "strb r8, [r2], #1\n\t"

/* x r0, constants r1, table r2, pairs left r3; sums r9 ... r12; pixel lr. */
#define GROUPS(REQUANTIZE) \
  __asm__ volatile( \
      "mov lr, r2\n\t" \
      "1:\n\t" \
      "ldm r1!, {r9, r10, r11, r12}\n\t" \
      "ldrd r2, r3, [lr]\n\t" \
      "2:\n\t" \
      "ldrd r4, r5, [r2], #8\n\t" \
      "ldr r4, [r0, r4]\n\t" \
      "ldr r5, [r0, r5]\n\t" \
      "ldrd r7, r8, [r1], #16\n\t" \
      "pkhbt r6, r4, r5, lsl #16\n\t" \
      "pkhtb r5, r5, r4, asr #16\n\t" \
      "sxtb16 r4, r6\n\t" \
      "sxtb16 r6, r6, ror #8\n\t" \
      "smlad r9, r4, r7, r9\n\t" \
      "smlad r10, r6, r8, r10\n\t" \
      "ldrd r7, r8, [r1, #-8]\n\t" \
      "sxtb16 r4, r5\n\t" \
      "sxtb16 r5, r5, ror #8\n\t" \
      "smlad r11, r4, r7, r11\n\t" \
      "smlad r12, r5, r8, r12\n\t" \
      "subs r3, #1\n\t" \
      "bne 2b\n\t" \
      "ldrd r2, r3, [lr, #8]\n\t" \
      CHANNEL(REQUANTIZE, "r9") CHANNEL(REQUANTIZE, "r10") CHANNEL(REQUANTIZE, "r11") CHANNEL(REQUANTIZE, "r12") \
      "adds r0, #4\n\t" \
      "str r2, [lr, #8]\n\t" \
      "cmp r2, r3\n\t" \
      "blo 1b\n\t" \
      : "+r"(at), "+r"(constants), "+r"(shared) \
      : \
      : "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

/* Groups of four channels until the pixel's end; gives the next group's constants. */
static MOTE_DSP_NOINLINE const int32_t *tflite_groups(const int8_t *x, const int32_t *k, pixel *p) {
  register const int8_t *at __asm__("r0") = x;
  register const int32_t *constants __asm__("r1") = k;
  register pixel *shared __asm__("r2") = p;
  GROUPS(MOTE_DSP_TFLITE);
  return constants;
}

static MOTE_DSP_NOINLINE const int32_t *single_groups(const int8_t *x, const int32_t *k, pixel *p) {
  register const int8_t *at __asm__("r0") = x;
  register const int32_t *constants __asm__("r1") = k;
  register pixel *shared __asm__("r2") = p;
  GROUPS(MOTE_DSP_SINGLE);
  return constants;
}

static void all_channels(const mote_depthwiseconv2d_s8s8_any *p, const int8_t *x, const int32_t *offsets,
                         int8_t *out) {
  const int32_t whole = p->channels & ~3;
  pixel shared = {offsets, p->tap_pairs, out, out + whole};
  const int single = p->rounding == MOTE_ROUNDING_SINGLE;
  const int32_t *const k = single ? single_groups(x, p->constants, &shared) : tflite_groups(x, p->constants, &shared);
  if (whole == p->channels) return;
  shared.out = out + p->channels - 4;
  shared.end = shared.out;
  x += p->channels - 4;
  (void)(single ? single_groups(x, k, &shared) : tflite_groups(x, k, &shared));
}

/* Offsets from `input` of the taps of a window that starts at (y0, x0). */
static void border_offsets(const mote_depthwiseconv2d_s8s8_any *p, int32_t y0, int32_t x0, int32_t outside,
                           int32_t *offsets) {
  int32_t at = 0;
  for (int32_t i = 0; i < p->kernel_h; i++) {
    const int32_t y = y0 + i * p->dilation_h;
    int32_t x = x0;
    for (int32_t j = 0; j < p->kernel_w; j++) {
      const int inside = y >= 0 && y < p->in_h && x >= 0 && x < p->in_w;
      offsets[at++] = inside ? (y * p->in_w + x) * p->channels : outside;
      x += p->dilation_w;
    }
  }
  if (at & 1) offsets[at] = offsets[at - 1];
}

static inline void mote_dsp_depthwise_any(const mote_depthwiseconv2d_s8s8_any *p, const int8_t *input, int8_t *output,
                                          void *scratch) {
  int32_t *const table = scratch;
  int8_t *const zero = (int8_t *)(table + 2 * p->tap_pairs);
  const int32_t last_y = p->in_h - (p->kernel_h - 1) * p->dilation_h;
  const int32_t last_x = p->in_w - (p->kernel_w - 1) * p->dilation_w;
  int8_t *out = output;
  int filled = 0;
  for (int32_t y = 0; y < p->out_h; y++) {
    const int32_t y0 = y * p->stride_h - p->pad_top;
    int32_t x0 = -p->pad_left;
    for (int32_t i = 0; i < p->out_w; i++) {
      const int32_t *offsets = p->offsets;
      const int8_t *x = input;
      if (y0 >= 0 && y0 < last_y && x0 >= 0 && x0 < last_x) {
        x += (y0 * p->in_w + x0) * p->channels;
      } else {
        if (!filled) memset(zero, p->input_zero_point, (size_t)p->channels);
        filled = 1;
        border_offsets(p, y0, x0, (int32_t)((uintptr_t)zero - (uintptr_t)input), table);
        offsets = table;
      }
      all_channels(p, x, offsets, out);
      out += p->channels;
      x0 += p->stride_w;
    }
  }
  mote_dsp_clamp(output, p->out_h * p->out_w * p->channels, p->output_min, p->output_max);
}

#endif
