/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels of packedlist.h share. */
#ifndef MOTE_PACKEDLIST_DRIVE_H
#define MOTE_PACKEDLIST_DRIVE_H

#include "mote/packedlist.h"
#include "mote/packedpairs_gather.h"

enum { MOTE_PLAIN_WORDS = 32 }; /* in place of the bits of a code: no word has others in it */

/* One channel of a tile. Totals of a pair: of the words' sums and of their upper halves. */
typedef struct {
  const int8_t *values;
  const uint8_t *skips;
  const uint8_t *runs;
  const uint32_t *words;
  int32_t totals[MOTE_TILE];
} mote_list_channel;

/* The biases, for a start: the even pixel's lacks 2^15 for each run. */
static inline void mote_list_start(int32_t *totals, const int32_t *bias) {
  for (int32_t i = 0; i < MOTE_TILE; i += 2) {
    totals[i] = bias[1];
    totals[i + 1] = 0;
  }
}

/* Totals to accumulators, in place. */
static inline void mote_list_settle(int32_t *totals, const int32_t *bias) {
  for (int32_t i = 0; i < MOTE_TILE; i += 2) {
    const int32_t high = totals[i + 1];
    totals[i] = (int32_t)((uint32_t)totals[i] - ((uint32_t)high << 16));
    totals[i + 1] = high + bias[0];
  }
}

#endif
