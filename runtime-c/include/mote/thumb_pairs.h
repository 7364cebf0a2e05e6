/* SPDX-License-Identifier: Apache-2.0 */
/* Two products to a multiply on Armv6-M, whose only product is 32 x 32 -> 32 bits.
 *
 * A word X = x0 + x1 * 2^16 holds the same tap of two pixels. The sum of w * X over a run of taps is A + B * 2^16 modulo
 * 2^32, with A and B the sums of the two pixels. As long as the |w| of a run add up to 255 at most, |A| and |B| stay
 * below 2^15 (|x| <= 128), so a sum that starts at 2^15 has exactly B in its upper half: B = sum >> 16. The packer cuts
 * each channel's taps into the longest runs that allow it. Per run, B goes to its own 32-bit total and the whole word to
 * another, modulo 2^32; in the end A = words - 2^16 * B - 2^15 * runs, exactly, for it fits 32 bits. */
#ifndef MOTE_THUMB_PAIRS_H
#define MOTE_THUMB_PAIRS_H

#include <stdint.h>

enum {
  MOTE_PAIRS_CHANNELS = 8, /* the weights of so many channels alternate: their step is that of the taps' words */
  MOTE_PAIRS_MAX_RUN = 16,
  MOTE_PAIRS_STEP = 6, /* half words of code to a tap */
  MOTE_PAIRS_END = MOTE_PAIRS_MAX_RUN * MOTE_PAIRS_STEP + 9
};

/* The totals of one channel for four pixels. */
typedef struct {
  int32_t words01, high1, words23, high3;
} mote_pair_sums;

typedef struct {
  int32_t bias;
  int32_t even_bias; /* of pixels 0 and 2: bias - 2^15 * runs */
} mote_pair_bias;

#endif
