/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution with int4 weights by DSP instructions. A tile of pixels is widened to 16 bits in the scratch; each
 * block of four channels is decoded there once for the tile (one instruction a weight) and multiplied, two pixels by
 * four channels: 11 instructions for 16 products, one less than int8's because the weights need no extraction. */
#include "mote/packedconv.h"
#define MOTE_DSP_WINDOWS_ONLY
#include "mote/dsp_conv2x4.h"
#include "mote/dsp_tile.h"

enum { BLOCK_WORDS = 16, HEADER_WORDS = 2 };

static inline int32_t lanes_less(uint32_t a, uint32_t b) {
  int32_t lanes;
  __asm__("ssub16 %0, %1, %2" : "=r"(lanes) : "r"(a), "r"(b));
  return lanes;
}

#define DECODE_STEP(word)                 \
  "and r6, %[mask], " word ", lsl #4\n"   \
  "and r7, %[mask], " word "\n"           \
  "sxtb16 r4, r6\n"                       \
  "sxtb16 r5, r7\n"                       \
  "sxtb16 r6, r6, ror #8\n"               \
  "sxtb16 r7, r7, ror #8\n"               \
  "stmia %[to]!, {r4, r5, r6, r7}\n"

/* A word has the codes of four channels for two taps; lanes are 16 * code. Steps are a multiple of 4. */
static void decode(int32_t *to, const uint32_t *codes, int32_t steps) {
  const uint32_t *const end = codes + steps;
  __asm__ volatile(
      ".syntax unified\n"
      "1:\n"
      "ldmia %[from]!, {r2, r3}\n"
      DECODE_STEP("r2")
      DECODE_STEP("r3")
      "ldmia %[from]!, {r2, r3}\n"
      DECODE_STEP("r2")
      DECODE_STEP("r3")
      "cmp %[from], %[end]\n"
      "bne 1b\n"
      : [from] "+r"(codes), [to] "+r"(to)
      : [end] "r"(end), [mask] "r"(0xF0F0F0F0u)
      : "r2", "r3", "r4", "r5", "r6", "r7", "cc", "memory");
}

/* The same with codes + 8 and a scale for each channel and `group` steps. */
static void decode_groups(int32_t *to, const uint32_t *codes, int32_t steps, int32_t group) {
  const uint32_t *scales = codes + steps;
  while (steps > 0) {
    const uint32_t four = *scales++;
    for (int32_t c = 0; c < 4; c++) {
      const uint32_t scale = (four >> (8 * c) & 0xFFu) << 4;
      const uint32_t offset = 0x00080008u * scale;
      const int32_t count = steps < group ? steps : group;
      for (int32_t i = 0; i < count; i++)
        to[4 * i + c] = lanes_less((codes[i] >> (4 * c) & 0x000F000Fu) * scale, offset);
    }
    codes += group;
    to += 4 * group;
    steps -= group;
  }
}

/* Where a tile lies and what it works with. */
typedef struct {
  int32_t *x;
  int32_t *block;
  int8_t *buffer; /* rows of windows that leave the image */
  int32_t pairs;  /* of a whole tile */
  int32_t group;  /* steps that share a scale, or 0 */
} tiling;

/* Outputs of one block that lie side by side with others go through `rest`: channels beyond the last. */
static void copy_rest(const int8_t *rest, int8_t *output, int32_t pixels, int32_t channels, int32_t out_c) {
  for (int32_t i = 0; i < pixels; i++)
    for (int32_t c = 0; c < channels; c++) output[i * out_c + c] = rest[4 * i + c];
}

/* All channels of `pixels` pixels whose taps are widened; an odd last one has been widened twice. */
static void channels(const mote_packedconv_s8int_nibbles *p, const tiling *t, int8_t *output, int32_t pixels) {
  const int32_t steps = p->steps;
  const int32_t groups = t->group == 0 ? 0 : (steps + t->group - 1) / t->group;
  const int32_t *from = p->weights + HEADER_WORDS;
  int8_t *const rest = t->buffer + 2 * p->row_bytes;
  for (int32_t c = 0; c < p->out_c; c += 4) {
    __builtin_memcpy(t->block, from, 16);
    __builtin_memcpy(t->block + 4 + 4 * steps, from + 4, 48);
    const uint32_t *codes = (const uint32_t *)(const void *)(from + BLOCK_WORDS);
    if (t->group)
      decode_groups(t->block + 4, codes, steps, t->group);
    else
      decode(t->block + 4, codes, steps);
    from += BLOCK_WORDS + steps + groups;
    const int32_t left = p->out_c - c;
    const int direct = left >= 4 && (pixels & 1) == 0;
    int8_t *const out = direct ? output + c : rest;
    const int32_t step = direct ? p->out_c : 4;
    const int8_t *const x_end = (const int8_t *)(t->x + 2 * steps) - (p->mode != MOTE_DSP_TFLITE);
    const mote_dsp_tile tile = {(const int32_t *)(const void *)x_end, out, out + step, 2 * step, 8 * steps,
                                t->x + ((pixels + 1) >> 1) * 2 * steps, t->block, t->x};
    mote_dsp_tile_block(&tile);
    if (!direct) copy_rest(rest, output + c, pixels, left < 4 ? left : 4, p->out_c);
  }
  if (p->output_min > -128 || p->output_max < 127)
    mote_dsp_clamp(output, pixels * p->out_c, p->output_min, p->output_max);
}

static void widen_flat(const mote_packedconv_s8int_nibbles *p, const int8_t *input, int32_t *x, int32_t pixels) {
  for (; pixels > 0; pixels -= 2) {
    mote_dsp_widen(x, input, pixels > 1 ? input + p->in_c : input, p->in_c);
    x += 2 * p->steps;
    input += 2 * p->in_c;
  }
}

void mote_packedconv_s8int_nibbles__dsp_2x4(const mote_packedconv_s8int_nibbles *p, const int8_t *input,
                                            int8_t *output, void *scratch) {
  int32_t *const x = (int32_t *)scratch;
  const int32_t pairs = p->weights[0];
  int32_t *const block = x + pairs * 2 * p->steps;
  const tiling t = {x, block, (int8_t *)(block + BLOCK_WORDS + 4 * p->steps), pairs, p->weights[1]};
  mote_dsp_pixel at = {-p->pad_top, -p->pad_left};
  int32_t column = 0;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= 2 * pairs) {
    const int32_t pixels = left < 2 * pairs ? left : 2 * pairs;
    if (p->flat) {
      widen_flat(p, input, x, pixels);
      input += pixels * p->in_c;
    } else {
      int32_t *to = x;
      for (int32_t i = 0; i < pixels; i += 2) {
        const mote_dsp_pixel a = at;
        if (i + 1 < pixels) mote_dsp_next(p, &at, &column);
        mote_dsp_windows(p, input, to, t.buffer, a, at);
        mote_dsp_next(p, &at, &column);
        to += 2 * p->steps;
      }
    }
    channels(p, &t, output, pixels);
    output += pixels * p->out_c;
  }
}
