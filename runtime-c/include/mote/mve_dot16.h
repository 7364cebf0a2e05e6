/* SPDX-License-Identifier: Apache-2.0 */
/* Dot products of int16 by int8 on Helium, requantized. Constants are one stream: for each four output channels, blocks of
 * 4 x 8 weights, which VLDRB.S16 widens as it loads them, then words: bias, multiplier, shift of the four channels; where
 * sums are wide: the low words of the biases, the high ones, multipliers, shifts.
 *
 * Two pixels by four channels take the eight even registers that VMLADAVA can sum into, as in mve_stream.h. The packer has
 * shown from the weights that the sums fit 32 bits. Then requantizing with a 15-bit multiplier is `single` with that
 * multiplier times 2^16: both numerator and denominator are 2^16 times as large. Where sums may not fit, VMLALDAVA sums
 * in 64 bits, one pixel at a time. */
#ifndef MOTE_MVE_DOT16_H
#define MOTE_MVE_DOT16_H

#include <arm_mve.h>
#include <stdint.h>

#include "mote/requantize.h"

/* Output side of a layer. */
typedef struct {
  int32_t min, max, rounding;
  int32_t accumulator_bits; /* of the model; counts where sums are wide */
} mote_mve16_output;

/* Copies count >= 0 elements; gives the end. */
static inline int16_t *mote_mve16_copy(int16_t *to, const int16_t *from, int32_t count) {
  int16_t *const end = to + count;
  __asm__ volatile(
      "wlstp.16 lr, %2, 2f\n"
      "1: vldrh.16 q0, [%0], #16\n"
      "vstrh.16 q0, [%1], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      : "+r"(from), "+r"(to)
      : "r"(count)
      : "lr", "q0", "memory", "cc");
  return end;
}

/* Sets count >= 0 elements to 0. */
static inline void mote_mve16_clear(int16_t *to, int32_t count) {
  __asm__ volatile(
      "vmov.i32 q0, #0\n"
      "wlstp.16 lr, %1, 2f\n"
      "1: vstrh.16 q0, [%0], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      : "+r"(to)
      : "r"(count)
      : "lr", "q0", "memory", "cc");
}

#define MOTE_MVE16_BLOCK(OP) \
  "vldrb.8 q0, [r1], #16\n" \
  "vldrb.s16 q2, [r5], #8\n" \
  "vldrb.8 q1, [r11], #16\n" \
  OP " r0, q0, q2\n" \
  OP " r2, q1, q2\n" \
  "vldrb.s16 q3, [r5], #8\n" \
  OP " r4, q0, q3\n" \
  OP " r6, q1, q3\n" \
  "vldrb.s16 q2, [r5], #8\n" \
  OP " r8, q0, q2\n" \
  OP " r10, q1, q2\n" \
  "vldrb.s16 q3, [r5], #8\n" \
  OP " r12, q0, q3\n" \
  OP " lr, q1, q3\n"

#define MOTE_MVE16_AWAY(Q) \
  "vshr.s32 q2, " Q ", #31\n" \
  "vadd.i32 " Q ", " Q ", q2\n"
#define MOTE_MVE16_TFLITE \
  "vqrdmulh.s32 q0, q0, q2\n" \
  "vqrdmulh.s32 q1, q1, q2\n" \
  MOTE_MVE16_AWAY("q0") \
  MOTE_MVE16_AWAY("q1")
#define MOTE_MVE16_SINGLE \
  "vmulh.s32 q0, q0, q2\n" \
  "vmulh.s32 q1, q1, q2\n"
#define MOTE_MVE16_FINISH(Q) \
  "vrshl.s32 " Q ", " Q ", q3\n" \
  "vmax.s32 " Q ", " Q ", q4\n" \
  "vmin.s32 " Q ", " Q ", q5\n"

/* In: r0 end of the stream, r2 bytes of a patch. r9 becomes the end of the first patch; q7 keeps what r0 and r2 held. */
#define MOTE_MVE16_PAIR(SCALE) \
  "vmov s28, s29, r0, r2\n" \
  "add r9, r1, r2\n" \
  "1:\n" \
  MOTE_MVE16_BLOCK("vmladav.s16") \
  "cmp r1, r9\n" \
  "beq 3f\n" \
  "2:\n" \
  MOTE_MVE16_BLOCK("vmladava.s16") \
  "cmp r1, r9\n" \
  "bne 2b\n" \
  "3:\n" \
  "vmov q0[2], q0[0], r0, r8\n" \
  "vmov q0[3], q0[1], r4, r12\n" \
  "vmov q1[2], q1[0], r2, r10\n" \
  "vmov q1[3], q1[1], r6, lr\n" \
  "vldrb.8 q3, [r5], #16\n" \
  "vldrb.8 q2, [r5], #16\n" \
  "vadd.i32 q0, q0, q3\n" \
  "vadd.i32 q1, q1, q3\n" \
  "vldrb.8 q3, [r5], #16\n" \
  SCALE \
  MOTE_MVE16_FINISH("q0") \
  MOTE_MVE16_FINISH("q1") \
  "vstrh.32 q0, [r3], #8\n" \
  "vstrh.32 q1, [r7], #8\n" \
  "vmov r0, r2, s28, s29\n" \
  "sub r1, r1, r2\n" \
  "sub r11, r11, r2\n" \
  "cmp r5, r0\n" \
  "bne 1b\n"

#define MOTE_MVE16_CLOBBERS \
  "r4", "r6", "r8", "r9", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "q7", "memory", "cc"

/* The channels of [stream, end) for two patches of `depth` elements, a multiple of 8 above 0; stream < end. */
static inline void mote_mve16_pair(const int16_t *first, const int16_t *second, int32_t depth, const int8_t *stream,
                                   const int8_t *end, int16_t *out_first, int16_t *out_second,
                                   const mote_mve16_output *o) {
  register const int8_t *r0 __asm__("r0") = end;
  register const int16_t *r1 __asm__("r1") = first;
  register int32_t r2 __asm__("r2") = depth * 2;
  register const int16_t *r11 __asm__("r11") = second;
  register const int8_t *r5 __asm__("r5") = stream;
  register int16_t *r3 __asm__("r3") = out_first;
  register int16_t *r7 __asm__("r7") = out_second;
  register int32x4_t q4 __asm__("q4") = vdupq_n_s32(o->min);
  register int32x4_t q5 __asm__("q5") = vdupq_n_s32(o->max);
  if (o->rounding == MOTE_ROUNDING_SINGLE) {
    __asm__ volatile(MOTE_MVE16_PAIR(MOTE_MVE16_SINGLE)
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r5), "+r"(r7), "+r"(r11)
                     : "w"(q4), "w"(q5)
                     : MOTE_MVE16_CLOBBERS);
  } else {
    __asm__ volatile(MOTE_MVE16_PAIR(MOTE_MVE16_TFLITE)
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r5), "+r"(r7), "+r"(r11)
                     : "w"(q4), "w"(q5)
                     : MOTE_MVE16_CLOBBERS);
  }
}

static inline int32x4_t mote_mve16_words(const int8_t *from) {
  return vreinterpretq_s32_s8(vldrbq_s8(from));
}

static inline int16x8_t mote_mve16_inputs(const int16_t *from) {
  return vreinterpretq_s16_s8(vldrbq_s8((const int8_t *)from));
}

static inline int32_t mote_mve16_word(const int8_t *from) {
  int32_t word;
  __builtin_memcpy(&word, from, 4);
  return word;
}

/* Bias (if any: `stream` points to it), multiplier and shift of four channels. */
static inline int32x4_t mote_mve16_scale(int32x4_t sums, const int8_t *stream, const mote_mve16_output *o) {
  int32x4_t y = vaddq_s32(sums, mote_mve16_words(stream));
  const int32x4_t multiplier = mote_mve16_words(stream + 16);
  if (o->rounding == MOTE_ROUNDING_SINGLE) {
    y = vmulhq_s32(y, multiplier);
  } else {
    y = vqrdmulhq_s32(y, multiplier);
    y = vaddq_s32(y, vshrq_n_s32(y, 31));
  }
  y = vrshlq_s32(y, mote_mve16_words(stream + 32));
  return vminq_s32(vmaxq_s32(y, vdupq_n_s32(o->min)), vdupq_n_s32(o->max));
}

/* Four channels of one patch; the first `count` are stored. Gives the end of their constants. */
static inline const int8_t *mote_mve16_row(const int16_t *x, int32_t depth, const int8_t *stream, int16_t *output,
                                           int32_t count, const mote_mve16_output *o) {
  int32_t a = 0;
  int32_t b = 0;
  int32_t c = 0;
  int32_t d = 0;
  for (int32_t left = depth; left > 0; left -= 8) {
    const int16x8_t v = mote_mve16_inputs(x);
    a = vmladavaq_s16(a, v, vldrbq_s16(stream));
    b = vmladavaq_s16(b, v, vldrbq_s16(stream + 8));
    c = vmladavaq_s16(c, v, vldrbq_s16(stream + 16));
    d = vmladavaq_s16(d, v, vldrbq_s16(stream + 24));
    x += 8;
    stream += 32;
  }
  const int32x4_t sums = {a, b, c, d};
  vstrhq_p_s32(output, mote_mve16_scale(sums, stream, o), vctp32q((uint32_t)count));
  return stream + 48;
}

static inline int16_t mote_mve16_finish(int64_t sum, const int8_t *constants, const mote_mve16_output *o) {
  const uint32_t low = (uint32_t)mote_mve16_word(constants);
  const int64_t acc = sum + (int64_t)(((uint64_t)(uint32_t)mote_mve16_word(constants + 16) << 32) | low);
  const int32_t multiplier = mote_mve16_word(constants + 32);
  const int32_t shift = mote_mve16_word(constants + 48);
  const int32_t scaled = o->accumulator_bits == 64 ? mote_requantize64(acc, multiplier, shift)
                                                   : mote_requantize((int32_t)acc, multiplier, shift, o->rounding);
  return (int16_t)mote_clamp(scaled, o->min, o->max);
}

/* The same in 64 bits, with multipliers and shifts as the model has them. */
static inline const int8_t *mote_mve16_wide_row(const int16_t *x, int32_t depth, const int8_t *stream, int16_t *output,
                                                int32_t count, const mote_mve16_output *o) {
  int64_t sums[4] = {0, 0, 0, 0};
  int64_t a = 0;
  int64_t b = 0;
  int64_t c = 0;
  int64_t d = 0;
  for (int32_t left = depth; left > 0; left -= 8) {
    const int16x8_t v = mote_mve16_inputs(x);
    a = vmlaldavaq_s16(a, v, vldrbq_s16(stream));
    b = vmlaldavaq_s16(b, v, vldrbq_s16(stream + 8));
    c = vmlaldavaq_s16(c, v, vldrbq_s16(stream + 16));
    d = vmlaldavaq_s16(d, v, vldrbq_s16(stream + 24));
    x += 8;
    stream += 32;
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
  for (int32_t i = 0; i < count; i++) output[i] = mote_mve16_finish(sums[i], stream + 4 * i, o);
  return stream + 64;
}

#endif
