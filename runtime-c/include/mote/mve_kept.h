/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution on Helium that leaves out the blocks of weights that are zero: one channel by eight pixels, whose inputs lie
 * side by side for each block of `width` columns, [block][pixel][width]. A list says where each kept block's inputs are. */
#ifndef MOTE_MVE_KEPT_H
#define MOTE_MVE_KEPT_H

#include "mote/mve_packed.h"

#define MOTE_MVE_ONE(OP, R, X) \
  X                            \
  OP " " R ", q0, q1\n"
#define MOTE_MVE_EIGHT(OP, X)         \
  MOTE_MVE_ONE(OP, "r0", X("0", "0"))   \
  MOTE_MVE_ONE(OP, "r2", X("4", "8"))   \
  MOTE_MVE_ONE(OP, "r4", X("8", "16"))  \
  MOTE_MVE_ONE(OP, "r6", X("12", "24")) \
  MOTE_MVE_ONE(OP, "r8", X("16", "32")) \
  MOTE_MVE_ONE(OP, "r10", X("20", "40")) \
  MOTE_MVE_ONE(OP, "r12", X("24", "48")) \
  MOTE_MVE_ONE(OP, "lr", X("28", "56"))
#define MOTE_MVE_WIDE(by4, by8) "vldrb.8 q1, [r1], #16\n"
#define MOTE_MVE_HALVES(by4, by8) "vldrd.u64 q1, [q2, #" by8 "]\n"
#define MOTE_MVE_QUARTERS(by4, by8) "vldrw.u32 q1, [q2, #" by4 "]\n"
#define MOTE_MVE_PLACE_WIDE \
  "ldr r11, [r7], #4\n"     \
  "add r1, r3, r11\n"
#define MOTE_MVE_PLACES         \
  "vldrw.u32 q2, [r7], #16\n"   \
  "vadd.i32 q2, q2, r3\n"
#define MOTE_MVE_KEPT(PLACE, X)               \
  "vldrb.8 q0, [r5], #16\n" PLACE             \
  MOTE_MVE_EIGHT("vmladav.s8", X)             \
  "cmp r5, r9\n"                              \
  "beq 3f\n"                                  \
  "2:\n"                                      \
  "vldrb.8 q0, [r5], #16\n" PLACE             \
  MOTE_MVE_EIGHT("vmladava.s8", X)            \
  "cmp r5, r9\n"                              \
  "bne 2b\n"                                  \
  "3:\n"                                      \
  "vmov q0[2], q0[0], r0, r4\n"               \
  "vmov q0[3], q0[1], r2, r6\n"               \
  "vmov q1[2], q1[0], r8, r12\n"              \
  "vmov q1[3], q1[1], r10, lr\n"
#define MOTE_MVE_KEPT_ASM(PLACE, X)                                                                       \
  __asm__ volatile(MOTE_MVE_KEPT(PLACE, X)                                                                \
                   : "+r"(r5), "+r"(r7), "=&w"(q0), "=&w"(q1)                                             \
                   : "r"(r3), "r"(r9)                                                                     \
                   : "r0", "r1", "r2", "r4", "r6", "r8", "r10", "r11", "r12", "lr", "q2", "memory", "cc")

/* A channel's kept weights, zeros up to whole vectors, and the places of their inputs. */
typedef struct {
  const int8_t *w, *end;
  const int32_t *places;
} mote_mve_list;

/* Sums of four pixels and of the next four. */
typedef struct {
  int32x4_t first, second;
} mote_mve_octet;

static inline __attribute__((always_inline)) mote_mve_octet mote_mve_kept_sums(const mote_mve_list *l, const int8_t *x,
                                                                               int32_t width) {
  register const int8_t *r3 __asm__("r3") = x;
  register const int8_t *r5 __asm__("r5") = l->w;
  register const int32_t *r7 __asm__("r7") = l->places;
  register const int8_t *r9 __asm__("r9") = l->end;
  register int32x4_t q0 __asm__("q0");
  register int32x4_t q1 __asm__("q1");
  if (width == 16) MOTE_MVE_KEPT_ASM(MOTE_MVE_PLACE_WIDE, MOTE_MVE_WIDE);
  else if (width == 8) MOTE_MVE_KEPT_ASM(MOTE_MVE_PLACES, MOTE_MVE_HALVES);
  else MOTE_MVE_KEPT_ASM(MOTE_MVE_PLACES, MOTE_MVE_QUARTERS);
  const mote_mve_octet s = {q0, q1};
  return s;
}

/* Constants of a channel. */
typedef struct {
  int32_t bias, multiplier, shift;
} mote_mve_factor;

/* Four pixels of a channel, before they are stored. */
static inline int32x4_t mote_mve_pixels(const mote_mve_output *o, const mote_mve_factor *f, int32x4_t sums,
                                        int32_t rounding) {
  const int32x4_t acc = vaddq_n_s32(sums, f->bias);
  int32x4_t y;
  if (rounding == MOTE_ROUNDING_SINGLE) {
    y = vmulhq_s32(acc, vdupq_n_s32(f->multiplier));
  } else {
    y = vqrdmulhq_n_s32(acc, f->multiplier);
    y = vqdmlahq_n_s32(y, y, 1);
  }
  y = vaddq_s32(vrshlq_n_s32(y, f->shift), o->zero_point);
  return vminq_s32(vmaxq_s32(y, o->min), o->max);
}

/* A row of taps to its places, 16 bytes to every 128. */
static inline void mote_mve_place(const mote_packedstream *p, const int8_t *row, int8_t *to) {
  const uint32x4_t word = vidupq_n_u32(0, 1);
  const uint32_t words = (uint32_t)p->width >> 2;
  const uint32x4_t block = vshlq_u32(word, vdupq_n_s32(words == 1 ? 0 : words == 2 ? -1 : -2));
  const uint32x4_t in_block = vandq_u32(word, vdupq_n_u32(words - 1));
  const uint32x4_t offsets = vaddq_u32(vmulq_n_u32(block, 8u * (uint32_t)p->width), vshlq_n_u32(in_block, 2));
  for (int32_t i = 0; i < p->depth; i += 16, to += 128)
    vstrwq_scatter_offset_s32((int32_t *)(void *)to, offsets, vreinterpretq_s32_s8(vldrbq_s8(row + i)));
}

/* The kept weights of a group, one channel after the other. */
static inline void mote_mve_kept_decode(const mote_packedstream *p, int32_t group, int8_t *w) {
  const int32_t *const start = p->starts + 3 * group;
  const int32_t count = start[1];
  mote_mve_units(p->codes + start[0], p->bits, w, (count + 15) >> 4);
  if (p->scales == 0) return;
  const uint8_t *const scales = p->scales + start[2];
  for (int32_t i = 0; i < count >> 4; i++, w += 16)
    vstrbq_s8(w, vmulq_n_s8(vldrbq_s8(w), (int8_t)(1 + ((scales[i >> 1] >> (4 * (i & 1))) & 15))));
}

/* Places of a channel's blocks from its bits on; returns how many blocks are kept. */
static inline int32_t mote_mve_kept_places(const mote_packedstream *p, const uint8_t *bits, int32_t *places) {
  const int32_t blocks = p->depth / p->width;
  const int32_t step = 8 * p->width;
  int32_t kept = 0;
  for (int32_t first = 0; first < blocks; first += 8) {
    for (uint32_t left = *bits++; left != 0; left &= left - 1) {
      *places++ = (first + __builtin_ctz(left)) * step;
      if (p->width == 8) *places++ = 0;
      kept++;
    }
  }
  /* What fills up the last vector reads anything. */
  for (int32_t i = 0; i < 4; i++) places[i] = 0;
  return kept;
}

/* Where things are in the scratch. */
typedef struct {
  int8_t *decoded, *weights, *x;
  int32_t *places;
} mote_mve_rooms;

/* A channel of a tile. */
static inline __attribute__((always_inline)) void mote_mve_kept_channel(const mote_packedstream *p,
                                                                        const mote_mve_output *o,
                                                                        const mote_mve_list *l,
                                                                        const mote_mve_factor *f, const int8_t *x,
                                                                        int32_t count, int8_t *to, int32_t width) {
  const uint32x4_t offsets = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)p->out_c);
  const int32_t four = 4 * p->out_c;
  const int32_t x_step = 8 * p->depth;
  for (; count >= 8; count -= 8, x += x_step) {
    const mote_mve_octet s = mote_mve_kept_sums(l, x, width);
    vstrbq_scatter_offset_s32(to, offsets, mote_mve_pixels(o, f, s.first, p->rounding));
    to += four;
    vstrbq_scatter_offset_s32(to, offsets, mote_mve_pixels(o, f, s.second, p->rounding));
    to += four;
  }
  if (count > 0) {
    const mote_mve_octet s = mote_mve_kept_sums(l, x, width);
    vstrbq_scatter_offset_p_s32(to, offsets, mote_mve_pixels(o, f, s.first, p->rounding), vctp32q((uint32_t)count));
    if (count > 4)
      vstrbq_scatter_offset_p_s32(to + four, offsets, mote_mve_pixels(o, f, s.second, p->rounding),
                                  vctp32q((uint32_t)(count - 4)));
  }
}

/* All channels of a tile. A channel that keeps nothing keeps a vector of zeros. */
static inline __attribute__((always_inline)) void mote_mve_kept_tile(const mote_packedstream *p,
                                                                     const mote_mve_output *o, const mote_mve_rooms *r,
                                                                     int32_t count, int8_t *output, int32_t width) {
  const int32_t channel_bytes = (p->depth / width + 7) >> 3;
  const uint8_t *bits = p->extra;
  const int8_t *w = r->decoded;
  for (int32_t c = 0; c < p->out_c; c++, bits += channel_bytes) {
    const int32_t k = c & 3;
    if (k == 0) {
      mote_mve_kept_decode(p, c >> 2, r->decoded);
      w = r->decoded;
    }
    mote_mve_factor f;
    const int8_t *const factors = p->factors + (c >> 2) * 48 + 4 * k;
    __builtin_memcpy(&f.bias, factors, 4);
    __builtin_memcpy(&f.multiplier, factors + 16, 4);
    __builtin_memcpy(&f.shift, factors + 32, 4);
    const int32_t bytes = mote_mve_kept_places(p, bits, r->places) * width;
    const int32_t whole = bytes == 0 ? 16 : (bytes + 15) & ~15;
    mote_mve_list l = {w, w + whole, r->places};
    if (whole > bytes) {
      mote_mve_copy(r->weights, w, bytes);
      mote_mve_fill(r->weights + bytes, 0, whole - bytes);
      l.w = r->weights;
      l.end = r->weights + whole;
    }
    w += bytes;
    mote_mve_kept_channel(p, o, &l, &f, r->x, count, output + c, width);
  }
}

#endif
