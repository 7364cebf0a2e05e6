/* SPDX-License-Identifier: Apache-2.0 */
/* From exact sums of products to outputs, for layers whose sums may need 64 bits (int16 activations) and for int8 layers
 * that no faster kernel takes. All sums are right modulo 2^32; the packer proves which of these is the same as the
 * reference, from the weights, the bias and the multiplier of every channel of the call:
 * - MOTE_SUMS_NARROW: sum + bias fits 32 bits, and the right shift t of mote_requantize64 is 17 or more. With
 *   h = floor(x * reduced / 2^16), floor((x * reduced + 2^(t-1)) / 2^t) = (h + 2^(t-17)) >> (t - 16), for 2^(t-1) is a
 *   multiple of 2^16. |h| <= 2^30 and the constant is 2^29 at most, so nothing overflows;
 * - MOTE_SUMS_WIDE: the 64-bit total, and mote_requantize64 as it is;
 * - MOTE_SUMS_LOW: the reference takes the low 32 bits: 32-bit biases, and int8;
 * - MOTE_SUMS_QUARTER: int8 where a high multiply is one instruction, as in rv32_requantize.h. */
#ifndef MOTE_BLOCK_FINISH_H
#define MOTE_BLOCK_FINISH_H

#include <stdint.h>

#include "mote/requantize.h"

enum { MOTE_SUMS_NARROW = 0, MOTE_SUMS_WIDE = 1, MOTE_SUMS_LOW = 2, MOTE_SUMS_QUARTER = 3 };

/* A channel's constants are four words:
 * narrow: bias, reduced multiplier * 2^16, 2^(t-17), t - 16;
 * wide:   low and high word of the bias, reduced multiplier, t;
 * low:    bias (input zero point folded in), multiplier, shift, 0;
 * quarter: those of rv32_requantize.h. */
enum { MOTE_BLOCK_CHANNEL = 4 };

/* What the outputs of a call share. */
typedef struct {
  int32_t mode;
  int32_t rounding;   /* low: see requantize.h; quarter: 2 for tflite, 0 for single */
  int32_t zero_point; /* low; 0 for int16 */
  int32_t min, max;
} mote_block_output;

/* floor(x * factor / 2^32) for a factor whose low half is 0. */
static inline int32_t mote_block_high(int32_t x, int32_t factor) {
#if defined(__ARM_ARCH_6M__)
  const int32_t reduced = factor >> 16; /* 32 x 32 -> 64 is a library call here; both of these products fit 32 bits */
  return (x >> 16) * reduced + (int32_t)((((uint32_t)x & 0xFFFFu) * (uint32_t)reduced) >> 16);
#else
  return (int32_t)(((int64_t)x * factor) >> 32);
#endif
}

static inline int64_t mote_block_bias64(const int32_t *channel) {
  return (int64_t)((uint64_t)(uint32_t)channel[0] | ((uint64_t)(uint32_t)channel[1] << 32));
}

static inline int32_t mote_block_narrow(int32_t sum, const int32_t *channel, const mote_block_output *o) {
  const int32_t high = mote_block_high((int32_t)((uint32_t)sum + (uint32_t)channel[0]), channel[1]);
  int32_t y = (high + channel[2]) >> channel[3];
  if (y < o->min) y = o->min;
  if (y > o->max) y = o->max;
  return y;
}

static inline int32_t mote_block_wide(int64_t sum, const int32_t *channel, const mote_block_output *o) {
  /* mote_requantize64 with the multiplier already reduced. */
  const int64_t product = (sum + mote_block_bias64(channel)) * channel[2];
  return mote_clamp((int32_t)((product + ((int64_t)1 << (channel[3] - 1))) >> channel[3]), o->min, o->max);
}

static inline int32_t mote_block_quarter(int32_t sum, const int32_t *channel, const mote_block_output *o) {
  int32_t high = (int32_t)(((int64_t)((sum + channel[0]) * 4) * channel[1]) >> 32);
  if (high < 0) high -= o->rounding;
  high = (high + channel[2]) >> channel[3];
  if (high < o->min) high = o->min;
  if (high > o->max) high = o->max;
  return high;
}

static inline int32_t mote_block_low(int32_t sum, const int32_t *channel, const mote_block_output *o) {
  return mote_requantize_to((int32_t)((uint32_t)sum + (uint32_t)channel[0]), channel[1], channel[2], o->rounding,
                            o->zero_point, o->min, o->max);
}

#endif
