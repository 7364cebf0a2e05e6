/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels of fcblock.h share: slices, totals and outputs of the channels that are summed together. */
#ifndef MOTE_FCBLOCK_DRIVE_H
#define MOTE_FCBLOCK_DRIVE_H

#include "mote/block_finish.h"

/* Adds a slice's sums to the totals: modulo 2^32, or in 64 bits. */
static inline void add_totals(int32_t mode, int32_t *low, int64_t *wide, const int32_t *sums, int32_t count, int first) {
  for (int32_t i = 0; i < count; i++) {
    if (mode == MOTE_SUMS_WIDE) wide[i] = (first ? 0 : wide[i]) + sums[i];
    else low[i] = first ? sums[i] : (int32_t)((uint32_t)low[i] + (uint32_t)sums[i]);
  }
}

/* Outputs of neighbouring channels whose constants begin at q. */
static inline void finish_channels(const mote_block_output *o, const int32_t *q, const int32_t *low,
                                   const int64_t *wide, int32_t count, int16_t *out) {
  for (int32_t i = 0; i < count; i++) {
    const int32_t y = o->mode == MOTE_SUMS_NARROW ? mote_block_narrow(low[i], q, o)
                      : o->mode == MOTE_SUMS_WIDE ? mote_block_wide(wide[i], q, o)
                                                  : mote_block_low(low[i], q, o);
    out[i] = (int16_t)y;
    q += MOTE_BLOCK_CHANNEL;
  }
}

#endif
