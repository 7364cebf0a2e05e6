/* SPDX-License-Identifier: Apache-2.0 */
/* The convolution of packedstream.h. A format is one function: it decodes the weights of a group of channels. What
 * decoding costs is shared by the pixels of a tile, and the multiply loop is that of int8 (mve_stream.h). */
#ifndef MOTE_MVE_PACKED_H
#define MOTE_MVE_PACKED_H

#include "mote/mve_units.h"
#include "mote/packedstream.h"
#include "mote/window.h"

/* Four channels of `blocks` times 16 columns by the four scales from `codes` on; `step` bytes from block to block. */
static inline void mote_mve_scale_four(const uint8_t *codes, int8_t *w, int32_t blocks, int32_t step) {
  const int8_t f0 = (int8_t)(1 + (codes[0] & 15));
  const int8_t f1 = (int8_t)(1 + (codes[0] >> 4));
  const int8_t f2 = (int8_t)(1 + (codes[1] & 15));
  const int8_t f3 = (int8_t)(1 + (codes[1] >> 4));
  do {
    vstrbq_s8(w, vmulq_n_s8(vldrbq_s8(w), f0));
    vstrbq_s8(w + 16, vmulq_n_s8(vldrbq_s8(w + 16), f1));
    vstrbq_s8(w + 32, vmulq_n_s8(vldrbq_s8(w + 32), f2));
    vstrbq_s8(w + 48, vmulq_n_s8(vldrbq_s8(w + 48), f3));
    w += step;
  } while (--blocks > 0);
}

/* Times the scales of groups of columns, where there are any. */
static inline void mote_mve_scale(const mote_packedstream *p, int32_t group, int8_t *w) {
  if (p->scales == 0) return;
  const uint8_t *codes = p->scales + group * p->scale_bytes;
  const int32_t step = p->channels * 16;
  for (int32_t left = p->depth >> 4; left > 0; left -= p->scale_units) {
    const int32_t blocks = left < p->scale_units ? left : p->scale_units;
    for (int32_t c = 0; c < step; c += 64, codes += 2) mote_mve_scale_four(codes, w + c, blocks, step);
    w += blocks * step;
  }
}

/* Four channels of codes of four bits by their scales, in one pass. */
static inline void mote_mve_scaled_nibbles(const mote_packedstream *p, int32_t group, int8_t *w) {
  const uint8_t *scale = p->scales + group * p->scale_bytes;
  const int8_t *from = (const int8_t *)p->codes + group * p->code_bytes;
  for (int32_t left = p->depth >> 4; left > 0; left -= p->scale_units, scale += 2) {
    const int8_t f0 = (int8_t)(1 + (scale[0] & 15));
    const int8_t f1 = (int8_t)(1 + (scale[0] >> 4));
    const int8_t f2 = (int8_t)(1 + (scale[1] & 15));
    const int8_t f3 = (int8_t)(1 + (scale[1] >> 4));
    for (int32_t blocks = left < p->scale_units ? left : p->scale_units; blocks > 0; blocks--) {
      const int8x16_t a = vldrbq_s8(from);
      const int8x16_t b = vldrbq_s8(from + 16);
      vstrbq_s8(w, vmulq_n_s8(vshrq_n_s8(vshlq_n_s8(a, 4), 4), f0));
      vstrbq_s8(w + 16, vmulq_n_s8(vshrq_n_s8(a, 4), f1));
      vstrbq_s8(w + 32, vmulq_n_s8(vshrq_n_s8(vshlq_n_s8(b, 4), 4), f2));
      vstrbq_s8(w + 48, vmulq_n_s8(vshrq_n_s8(b, 4), f3));
      from += 32;
      w += 64;
    }
  }
}

/* Adds what the format cannot hold. */
static inline void mote_mve_outliers(const mote_packedstream *p, int32_t group, int8_t *w) {
  const int32_t last = p->outlier_starts[group + 1];
  for (int32_t i = p->outlier_starts[group]; i < last; i++)
    w[p->outlier_places[i]] = (int8_t)(w[p->outlier_places[i]] + p->outlier_amounts[i]);
}

/* The taps of the window that starts at (y0, x0), in the order of the weights; padding reads the zero point. */
__attribute__((noinline)) static void mote_mve_gather(const mote_packedstream *p, const int8_t *input, int32_t y0,
                                                      int32_t x0, int8_t *to) {
  const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
  const int32_t row_bytes = p->kernel_w * p->in_c;
  const int32_t left = kx.begin * p->in_c;
  const int32_t inside = (kx.end - kx.begin) * p->in_c;
  const int32_t step = p->dilation_w * p->in_c;
  const int32_t y_end = y0 + p->kernel_h * p->dilation_h;
  for (int32_t y = y0; y < y_end; y += p->dilation_h) {
    if (y < 0 || y >= p->in_h || inside == 0) {
      to = mote_mve_fill(to, p->input_zero_point, row_bytes);
      continue;
    }
    const int8_t *x = input + (y * p->in_w + x0) * p->in_c + kx.begin * step;
    if (left > 0) to = mote_mve_fill(to, p->input_zero_point, left);
    if (step == p->in_c) {
      to = mote_mve_copy(to, x, inside);
    } else {
      for (int32_t i = kx.begin; i < kx.end; i++) {
        to = mote_mve_copy(to, x, p->in_c);
        x += step;
      }
    }
    if (kx.end < p->kernel_w) to = mote_mve_fill(to, p->input_zero_point, row_bytes - left - inside);
  }
  /* Not every format has a weight of zero to meet what is beyond the patch. */
  mote_mve_fill(to, 0, p->depth - p->kernel_h * row_bytes);
}

/* As MOTE_MVE_GROUPS, but one group for many pairs. q7: end of the outputs, from one pair's patches to the next less depth,
 * outputs likewise less 4, bytes of the group. */
#define MOTE_MVE_PAIRS(BLOCK, FINISH, STORE) \
  "1:\n" \
  BLOCK("vmladav.s8") \
  "cmp r1, r9\n" \
  "beq 3f\n" \
  "2:\n" \
  BLOCK("vmladava.s8") \
  "cmp r1, r9\n" \
  "bne 2b\n" \
  "3:\n" \
  FINISH \
  "vrshl.s32 q0, q0, q3\n" \
  STORE \
  "vmov r0, r2, s28, s29\n" \
  "vmov r4, r6, s30, s31\n" \
  "add r1, r1, r2\n" \
  "add r11, r11, r2\n" \
  "add r3, r3, r4\n" \
  "add r7, r7, r4\n" \
  "sub r5, r5, r6\n" \
  "sub r6, r6, #48\n" \
  "add r9, r1, r6, lsr #2\n" \
  "cmp r3, r0\n" \
  "bne 1b\n"

#define MOTE_MVE_PAIRS_CLOBBERS "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "memory", "cc"

/* Where a tile's patches and outputs are. */
typedef struct {
  const int8_t *patch;
  int32_t patch_step, output_step;
  int8_t *output;
  int32_t count;
} mote_mve_tile;

/* `pairs` > 0 pairs of patches by the four channels of `w`; the second patch of a pair is `apart` bytes on, its outputs
 * `output_apart`. */
__attribute__((noinline)) static void mote_mve_pairs(const mote_mve_tile *t, const int8_t *first, int32_t apart,
                                                     int32_t pairs, int32_t depth, const int8_t *w, int8_t *to,
                                                     int32_t to_apart, const mote_mve_output *o, int32_t rounding) {
  const int32_t next = pairs == 1 ? 2 * to_apart + 4 : 2 * t->output_step;
  register const int8_t *r1 __asm__("r1") = first;
  register const int8_t *r11 __asm__("r11") = first + apart;
  register const int8_t *r5 __asm__("r5") = w;
  register const int8_t *r9 __asm__("r9") = first + depth;
  register int8_t *r3 __asm__("r3") = to;
  register int8_t *r7 __asm__("r7") = to + to_apart;
  register int32x4_t q4 __asm__("q4") = o->min;
  register int32x4_t q5 __asm__("q5") = o->max;
  register int32x4_t q6 __asm__("q6") = o->zero_point;
  const int32_t steps[4] = {(int32_t)(uintptr_t)(to + pairs * next), 2 * t->patch_step - depth, next - 4, 4 * depth + 48};
  register int32x4_t q7 __asm__("q7") = vldrwq_s32(steps);
  if (rounding == MOTE_ROUNDING_SINGLE) {
    __asm__ volatile(MOTE_MVE_PAIRS(MOTE_MVE_BLOCK, MOTE_MVE_PAIR_SINGLE, MOTE_MVE_PAIR_STORE)
                     : "+r"(r1), "+r"(r3), "+r"(r5), "+r"(r7), "+r"(r9), "+r"(r11)
                     : "w"(q4), "w"(q5), "w"(q6), "w"(q7)
                     : MOTE_MVE_PAIRS_CLOBBERS);
  } else {
    __asm__ volatile(MOTE_MVE_PAIRS(MOTE_MVE_BLOCK, MOTE_MVE_PAIR_TFLITE, MOTE_MVE_PAIR_STORE)
                     : "+r"(r1), "+r"(r3), "+r"(r5), "+r"(r7), "+r"(r9), "+r"(r11)
                     : "w"(q4), "w"(q5), "w"(q6), "w"(q7)
                     : MOTE_MVE_PAIRS_CLOBBERS);
  }
}

/* Four decoded channels for the pixels of a tile; an odd last pixel is its own neighbour. */
static inline void mote_mve_tile_pairs(const mote_packedstream *p, const mote_mve_tile *t, const int8_t *w,
                                       const mote_mve_output *o) {
  const int32_t pairs = t->count >> 1;
  if (pairs > 0)
    mote_mve_pairs(t, t->patch, t->patch_step, pairs, p->depth, w, t->output, t->output_step, o, p->rounding);
  if (t->count & 1)
    mote_mve_pairs(t, t->patch + (t->count - 1) * t->patch_step, 0, 1, p->depth, w,
                   t->output + (t->count - 1) * t->output_step, 0, o, p->rounding);
}

typedef void (*mote_mve_decode)(const mote_packedstream *p, int32_t group, int8_t *w);

/* All channels of a tile, whose outputs are at t->output. Missing channels go through `spare`. */
static inline void mote_mve_tile_of(const mote_packedstream *p, const mote_mve_tile *t, int8_t *w, int8_t *spare,
                                    const mote_mve_output *o, mote_mve_decode decode) {
  const int32_t channels = p->channels;
  const int32_t weights = channels * p->depth;
  const int32_t constants = channels * 12;
  for (int32_t c = 0, group = 0; c < p->out_c; c += channels, group++) {
    const int32_t left = p->out_c - c;
    decode(p, group, w);
    if (p->outlier_starts) mote_mve_outliers(p, group, w);
    mote_mve_copy(w + weights, p->factors + group * constants, constants);
    mote_mve_tile here = *t;
    here.output += c;
    if (left < channels) {
      here.output = spare;
      here.output_step = channels;
    }
    if (channels == 8) mote_mve_row(t->patch, p->depth, w, w + weights + constants, here.output, o, p->rounding);
    else mote_mve_tile_pairs(p, &here, w, o);
    if (left < channels)
      for (int32_t i = 0; i < t->count; i++)
        for (int32_t k = 0; k < left; k++) t->output[i * t->output_step + c + k] = spare[i * channels + k];
  }
}

static inline __attribute__((always_inline)) void mote_mve_packed(const mote_packedstream *p, const int8_t *input,
                                                                  int8_t *output, void *scratch,
                                                                  mote_mve_decode decode) {
  const mote_mve_output o = mote_mve_output_of(p->output_min, p->output_max, p->output_zero_point);
  int8_t *const w = scratch;
  int8_t *const spare = w + p->group_bytes;
  int8_t *const patches = spare + p->tile * p->channels;
  const int32_t end_x = p->out_w * p->stride_w - p->pad_left;
  int32_t y = -p->pad_top;
  int32_t x = -p->pad_left;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= p->tile) {
    mote_mve_tile t = {input, p->in_c, p->out_c, output, left < p->tile ? left : p->tile};
    if (p->direct) {
      input += p->tile * p->in_c;
    } else {
      t.patch = patches;
      t.patch_step = p->depth;
      for (int32_t i = 0; i < t.count; i++) {
        mote_mve_gather(p, input, y, x, patches + i * p->depth);
        x += p->stride_w;
        if (x == end_x) {
          x = -p->pad_left;
          y += p->stride_h;
        }
      }
    }
    mote_mve_tile_of(p, &t, w, spare, &o, decode);
    output += p->tile * p->out_c;
  }
}

#endif
