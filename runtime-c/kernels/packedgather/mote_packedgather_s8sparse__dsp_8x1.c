/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution with few weights that are not zero, by DSP instructions: packedgather.h. */
#include "mote/packedgather.h"
#define MOTE_DSP_WINDOWS_ONLY
#include "mote/dsp_conv2x4.h"
#include "mote/packedlist_dsp.h"

enum { PIXELS = 8, CHANNEL_WORDS = 4 };

/* One channel of eight pixels. */
typedef struct {
  const int32_t *entries;
  const int32_t *x;
  const int32_t *entries_end;
  const int32_t *k; /* initial sum, multiplier, rounding, shift */
  int8_t *out;
  int32_t step; /* from an output to the next pixel's */
  int32_t tflite;
} gathered;

#define ENTRY                        \
  "ldr r5, [r0], #4\n"               \
  "uxtah r4, r1, r5\n"               \
  "ldrd r2, r3, [r4]\n"              \
  "smlabt r6, r2, r5, r6\n"          \
  "smlatt r7, r2, r5, r7\n"          \
  "smlabt r8, r3, r5, r8\n"          \
  "smlatt r9, r3, r5, r9\n"          \
  "ldrd r2, r3, [r4, #8]\n"          \
  "smlabt r10, r2, r5, r10\n"        \
  "smlatt r11, r2, r5, r11\n"        \
  "smlabt r12, r3, r5, r12\n"        \
  "smlatt lr, r3, r5, lr\n"

#define EIGHT(requantize)                                                                   \
  requantize("r6") requantize("r7") requantize("r8") requantize("r9") requantize("r10")     \
  requantize("r11") requantize("r12") requantize("lr")

/* Twice a sum that comes times 16. */
#define TFLITE(sum) "asr " sum ", " sum ", #3\n" MOTE_DSP_TFLITE_DOUBLED(sum)

/* r0 entries, four at a time; r1 taps; r6 to lr the sums. */
__attribute__((naked, noinline)) static void gather(__attribute__((unused)) const gathered *g) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r0, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "ldr r2, [r0, #12]\n"
      "ldr r6, [r2]\n"
      "ldrd r0, r1, [r0]\n"
      "mov r7, r6\n"
      "mov r8, r6\n"
      "mov r9, r6\n"
      "mov r10, r6\n"
      "mov r11, r6\n"
      "mov r12, r6\n"
      "mov lr, r6\n"
      "1:\n"
      ENTRY ENTRY ENTRY ENTRY
      "ldr r2, [sp]\n"
      "ldr r2, [r2, #8]\n"
      "cmp r0, r2\n"
      "bne 1b\n"
      "ldr r0, [sp]\n"
      "ldr r1, [r0, #12]\n"
      "ldr r5, [r0, #24]\n"
      "adds r1, #4\n"
      "ldm r1, {r2, r3, r4}\n"
      "cmp r5, #0\n"
      "beq 2f\n"
      EIGHT(TFLITE)
      "b 3f\n"
      "2:\n"
      EIGHT(MOTE_DSP_SINGLE_ANY)
      "3:\n"
      "ldrd r2, r3, [r0, #16]\n"
      "strb r6, [r2]\n"
      "strb r7, [r2, r3]\n"
      "add r2, r2, r3, lsl #1\n"
      "strb r8, [r2]\n"
      "strb r9, [r2, r3]\n"
      "add r2, r2, r3, lsl #1\n"
      "strb r10, [r2]\n"
      "strb r11, [r2, r3]\n"
      "add r2, r2, r3, lsl #1\n"
      "strb r12, [r2]\n"
      "strb lr, [r2, r3]\n"
      "pop {r0, r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

/* `count` taps of two pixels, from `x` on every fourth word. */
static void spread(int32_t *x, const int8_t *a, const int8_t *b, int32_t count) {
  for (; count >= 4; count -= 4, x += 16, a += 4, b += 4) {
    uint32_t low, high;
    __asm__("pkhbt %0, %2, %3, lsl #16\n\tpkhtb %1, %3, %2, asr #16"
            : "=&r"(low), "=r"(high)
            : "r"(((const mote_dsp_word *)a)->v), "r"(((const mote_dsp_word *)b)->v));
    __asm__("sxtb16 %0, %1" : "=r"(x[0]) : "r"(low));
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(x[4]) : "r"(low));
    __asm__("sxtb16 %0, %1" : "=r"(x[8]) : "r"(high));
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(x[12]) : "r"(high));
  }
#pragma GCC unroll 1
  for (; count > 0; count--, x += 4) *x = mote_dsp_pack(*a++, *b++);
}

/* Where the next pixel is. */
typedef struct {
  mote_dsp_pixel at;
  int32_t column;
} place;

static const int8_t *window_row(const mote_conv2d_s8s8_dsp *p, const int8_t *input, mote_dsp_pixel at, int32_t ky,
                                int8_t *buffer) {
  if (mote_dsp_inside(p, at)) return input + ((at.y + ky) * p->in_w + at.x) * p->in_c;
  return mote_dsp_edge(p, input, at.y + ky, at.x, buffer);
}

/* The taps of eight pixels; beyond the last of the image it is the last again. */
static void spread_tile(const mote_conv2d_s8s8_dsp *p, const int8_t *input, int32_t *x, int8_t *buffer, place *next,
                        int32_t pixels) {
  for (int32_t i = 0; i < PIXELS; i += 2) {
    const mote_dsp_pixel a = next->at;
    if (i + 1 < pixels) mote_dsp_next(p, &next->at, &next->column);
    const mote_dsp_pixel b = next->at;
    if (i + 2 < pixels) mote_dsp_next(p, &next->at, &next->column);
    int32_t *to = x + (i >> 1);
    for (int32_t ky = 0; ky != p->span_h; ky += p->dilation_h) {
      const int8_t *row_a = window_row(p, input, a, ky, buffer);
      spread(to, row_a, window_row(p, input, b, ky, buffer + p->row_bytes), p->row_bytes);
      to += 4 * p->row_bytes;
    }
  }
  mote_dsp_next(p, &next->at, &next->column);
}

/* Entries of a list as words, in fours; gives their end. */
static int32_t *unfold(const uint8_t *list, int32_t pairs, int32_t *entries) {
  uint32_t offset = 0;
  int32_t *to = entries;
  for (; pairs > 0; pairs--, list += 3, to += 2) {
    const uint32_t skips = list[2];
    offset += (skips & 15) << 4;
    to[0] = (int32_t)((uint32_t)(int8_t)list[0] << 20 | offset);
    offset += (skips & 0xF0) + 16;
    to[1] = (int32_t)((uint32_t)(int8_t)list[1] << 20 | offset);
    offset += 16;
  }
  while (to == entries || ((to - entries) & 3) != 0) *to++ = 0;
  return to;
}

/* All channels of the tiles that are in the scratch. */
static void channels(const mote_conv2d_s8s8_dsp *p, const int32_t *x, int32_t *entries, int8_t *output,
                     int32_t pixels) {
  const int32_t tile_words = 4 * (p->span_h / p->dilation_h) * p->row_bytes;
  const int32_t *k = p->weights + 1;
  for (int32_t c = 0; c < p->out_c; c++) {
    const uint8_t *const list = (const uint8_t *)(k + CHANNEL_WORDS);
    const int32_t pairs = mote_list_pairs(list);
    gathered g = {entries, x, 0, k, output + c, p->out_c, p->mode == MOTE_DSP_TFLITE};
    g.entries_end = unfold(list + 2, pairs, entries);
    int32_t left = pixels;
    for (; left >= PIXELS; left -= PIXELS) {
      gather(&g);
      g.x += tile_words;
      g.out += PIXELS * p->out_c;
    }
    if (left > 0) {
      int8_t rest[PIXELS];
      int8_t *out = g.out;
      g.out = rest;
      g.step = 1;
      gather(&g);
      for (int32_t i = 0; i < left; i++, out += p->out_c) *out = rest[i];
    }
    k += CHANNEL_WORDS + (2 + 3 * pairs + 3) / 4;
  }
  if (p->output_min > -128 || p->output_max < 127)
    mote_dsp_clamp(output, pixels * p->out_c, p->output_min, p->output_max);
}

void mote_packedgather_s8sparse__dsp_8x1(const mote_packedgather_s8sparse *p, const int8_t *input, int8_t *output,
                                         void *scratch) {
  const int32_t most = PIXELS * p->weights[0];
  int8_t *const buffer = (int8_t *)scratch;
  int32_t *const x = (int32_t *)(void *)(buffer + ((2 * p->row_bytes + 3) & ~3));
  const int32_t tile_words = 4 * (p->span_h / p->dilation_h) * p->row_bytes;
  int32_t *const entries = x + p->weights[0] * tile_words;
  place next = {{-p->pad_top, -p->pad_left}, 0};
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= most) {
    const int32_t pixels = left < most ? left : most;
    int32_t *to = x;
    for (int32_t i = 0; i < pixels; i += PIXELS, to += tile_words)
      spread_tile(p, input, to, buffer, &next, pixels - i < PIXELS ? pixels - i : PIXELS);
    channels(p, x, entries, output, pixels);
    output += pixels * p->out_c;
  }
}
