/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 depthwise convolution with any window, for the DSP extension.
 *
 * Four channels of one pixel at a time: two words from the image, two with the weights as int16, four SMLAxy for four
 * products of a tap. Taps are found by a table of offsets: the packer's for windows inside the image; one made per pixel
 * at the border, where taps outside read a row of zeros.
 *
 * Constants of a group: four initial sums; for each pair of taps four words (channels 0 and 1, 2 and 3 of the first tap,
 * then of the second); multiplier, rounding and shift of each channel (dsp_finish16.h). */
#include <string.h>

#include "mote/depthwiseconv2d.h"
#include "mote/dsp_finish16.h"

/* What the groups of one pixel share. */
typedef struct {
  const int32_t *offsets;
  int32_t pairs;
  int16_t *out;
  const int16_t *end;
} pixel;

#define TAP(offset)               \
  "ldr r6, [r0, " offset "]\n"    \
  "ldr r4, [lr, " offset "]\n"

#define PRODUCTS                  \
  "smlabb r9, r6, r7, r9\n"       \
  "smlatt r10, r6, r7, r10\n"     \
  "smlabb r11, r4, r8, r11\n"     \
  "smlatt r12, r4, r8, r12\n"

#define CHANNEL(sum, finish)      \
  "ldm r1!, {r2, r3, r4}\n"       \
  finish(sum)

/* Groups of four channels until the pixel's end; gives the next group's constants. x r0 and (channels 2 and 3) lr,
 * constants r1, table r2, pairs left r3, sums r9 to r12; on the stack the pixel. */
#define GROUPS(name, finish)                                                                                     \
  __attribute__((naked, noinline)) static const int32_t *name(                                                   \
      __attribute__((unused)) const int16_t *x, __attribute__((unused)) const int32_t *k,                        \
      __attribute__((unused)) pixel *p) {                                                                        \
    __asm__ volatile(                                                                                            \
        ".syntax unified\n"                                                                                      \
        "push {r2, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                                      \
        "1:\n"                                                                                                   \
        "ldr r4, [sp]\n"                                                                                         \
        "ldm r1!, {r9, r10, r11, r12}\n"                                                                         \
        "ldrd r2, r3, [r4]\n"                                                                                    \
        "add lr, r0, #4\n"                                                                                       \
        "2:\n"                                                                                                   \
        "ldrd r4, r5, [r2], #8\n"                                                                                \
        "ldrd r7, r8, [r1], #8\n"                                                                                \
        TAP("r4") PRODUCTS                                                                                       \
        "ldrd r7, r8, [r1], #8\n"                                                                                \
        TAP("r5") PRODUCTS                                                                                       \
        "subs r3, #1\n"                                                                                          \
        "bne 2b\n"                                                                                               \
        CHANNEL("r9", finish) CHANNEL("r10", finish) CHANNEL("r11", finish) CHANNEL("r12", finish)               \
        "ldr r4, [sp]\n"                                                                                         \
        "pkhbt r9, r9, r10, lsl #16\n"                                                                           \
        "pkhbt r11, r11, r12, lsl #16\n"                                                                         \
        "ldrd r2, r3, [r4, #8]\n"                                                                                \
        "adds r0, #8\n"                                                                                          \
        "str r9, [r2], #4\n"                                                                                     \
        "str r11, [r2], #4\n"                                                                                    \
        "str r2, [r4, #8]\n"                                                                                     \
        "cmp r2, r3\n"                                                                                           \
        "blo 1b\n"                                                                                               \
        "mov r0, r1\n"                                                                                           \
        "pop {r2, r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");                                                     \
  }

GROUPS(signed_groups, MOTE_DSP16_FINISH_SIGNED)
GROUPS(relu_groups, MOTE_DSP16_FINISH_RELU)
GROUPS(tflite_groups, MOTE_DSP16_FINISH_TFLITE)

static const int32_t *groups(int32_t mode, const int16_t *x, const int32_t *k, pixel *p) {
  if (mode == MOTE_DSP16_TFLITE) return tflite_groups(x, k, p);
  return mode == MOTE_DSP16_RELU ? relu_groups(x, k, p) : signed_groups(x, k, p);
}

/* The last group is the last four channels, so it may repeat some of the one before. */
static void all_channels(const mote_depthwiseconv2d_s16s8_any *p, const int16_t *x, const int32_t *offsets,
                         int16_t *out) {
  const int32_t whole = p->channels & ~3;
  pixel shared = {offsets, p->tap_pairs, out, out + whole};
  const int32_t *const k = groups(p->mode, x, p->constants, &shared);
  if (whole == p->channels) return;
  shared.out = out + p->channels - 4;
  shared.end = shared.out;
  (void)groups(p->mode, x + p->channels - 4, k, &shared);
}

/* Offsets in bytes from `input` of the taps of a window that starts at (y0, x0). */
static void border_offsets(const mote_depthwiseconv2d_s16s8_any *p, int32_t y0, int32_t x0, int32_t outside,
                           int32_t *offsets) {
  int32_t at = 0;
  for (int32_t i = 0; i < p->kernel_h; i++) {
    const int32_t y = y0 + i * p->dilation_h;
    int32_t x = x0;
    for (int32_t j = 0; j < p->kernel_w; j++) {
      const int inside = y >= 0 && y < p->in_h && x >= 0 && x < p->in_w;
      offsets[at++] = inside ? 2 * (y * p->in_w + x) * p->channels : outside;
      x += p->dilation_w;
    }
  }
  if (at & 1) offsets[at] = offsets[at - 1];
}

void mote_depthwiseconv2d_s16s8_any__dsp(const mote_depthwiseconv2d_s16s8_any *p, const int16_t *input,
                                         int16_t *output, void *scratch) {
  int32_t *const table = scratch;
  int16_t *const zero = (int16_t *)(table + 2 * p->tap_pairs);
  const int32_t last_y = p->in_h - (p->kernel_h - 1) * p->dilation_h;
  const int32_t last_x = p->in_w - (p->kernel_w - 1) * p->dilation_w;
  int filled = 0;
  for (int32_t y = 0; y < p->out_h; y++) {
    const int32_t y0 = y * p->stride_h - p->pad_top;
    int32_t x0 = -p->pad_left;
    for (int32_t i = 0; i < p->out_w; i++) {
      const int32_t *offsets = p->offsets;
      const int16_t *x = input;
      if (y0 >= 0 && y0 < last_y && x0 >= 0 && x0 < last_x) {
        x += (y0 * p->in_w + x0) * p->channels;
      } else {
        if (!filled) memset(zero, 0, 2 * (size_t)p->channels);
        filled = 1;
        border_offsets(p, y0, x0, (int32_t)((uintptr_t)zero - (uintptr_t)input), table);
        offsets = table;
      }
      all_channels(p, x, offsets, output);
      if (p->clamped) mote_dsp16_clamp(output, p->channels, p->output_min, p->output_max);
      output += p->channels;
      x0 += p->stride_w;
    }
  }
}
