/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of few bits, decoded (packedtaps.h). */
#ifndef MOTE_DSP_FILTERS_H
#define MOTE_DSP_FILTERS_H

#include "mote/packedtaps.h"
#include "mote/packedweights.h"

static inline int32_t mote_filter_at(const mote_packed_filters *f, int32_t channel, int32_t tap) {
  const uint32_t code = mote_code_at(f->codes + channel * f->code_bytes, tap, f->bits);
  const int32_t weight = f->table[channel * f->table_step + (int32_t)code];
  return f->scales ? weight * f->scales[channel * f->groups + (tap >> f->group_shift)] : weight;
}

/* Multiplier, round, shift of a channel. */
static inline void mote_filter_rescale(const mote_packed_filters *f, int32_t channel, int32_t *k) {
  const int32_t shift = f->shifts[channel];
  k[0] = f->factors[2 * channel + 1];
  k[1] = (1 << (shift - 1)) + f->output_zero_point * (1 << shift);
  k[2] = shift;
}

#endif
