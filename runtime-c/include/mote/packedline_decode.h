/* SPDX-License-Identifier: Apache-2.0 */
/* The decoding of packedline.h. */
#ifndef MOTE_PACKEDLINE_DECODE_H
#define MOTE_PACKEDLINE_DECODE_H

#include "mote/packedline.h"

/* The taps of a channel, `step` bytes apart. */
static inline void mote_line_filter(const mote_line_filters *f, int32_t channel, int32_t taps, int8_t *to, int32_t step) {
  const uint8_t *row = f->codes + channel * f->code_bytes;
  const int8_t *const table = f->table + channel * f->table_step;
  const uint32_t mask = (1u << f->bits) - 1u;
  uint32_t word = 0;
  int32_t have = 0;
  for (int32_t t = 0; t < taps; t++) {
    if (have < f->bits) {
      word |= (uint32_t)*row++ << have;
      have += 8;
    }
    *to = table[word & mask];
    word >>= f->bits;
    have -= f->bits;
    to += step;
  }
  if (f->scales == 0) return;
  for (int32_t t = taps - 1; t >= 0; t--) {
    to -= step;
    *to = (int8_t)(*to * f->scales[channel * f->groups + (t >> f->group_shift)]);
  }
}

#endif
