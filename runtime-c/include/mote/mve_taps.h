/* SPDX-License-Identifier: Apache-2.0 */
/* The decoding of packedtaps.h on Helium. */
#ifndef MOTE_MVE_TAPS_H
#define MOTE_MVE_TAPS_H

#include "mote/mve_units.h"
#include "mote/packedtaps.h"

/* Indices of `taps` units of a block into weights. */
static inline void mote_mve_look_up_taps(const mote_packedtaps_s8int *p, int32_t block, int8_t *w) {
  const int8_t *table = p->table + block * 16 * p->table_step;
  const uint8x16_t own = vmulq_n_u8(vidupq_n_u8(0, 1), (uint8_t)p->table_step);
  const uint8x16_t mask = vdupq_n_u8((uint8_t)((1 << p->bits) - 1));
  for (int32_t t = 0; t < p->taps; t++, w += 16) {
    const uint8x16_t index = vandq_u8(vreinterpretq_u8_s8(vldrbq_s8(w)), mask);
    vstrbq_s8(w, vldrbq_gather_offset_s8(table, vaddq_u8(index, own)));
  }
}

/* Times the scales of groups of taps. */
static inline void mote_mve_scale_taps(const mote_packedtaps_s8int *p, const uint8_t *scales, int8_t *w) {
  for (int32_t first = 0; first < p->taps; first += p->group, scales += 16) {
    const int8x16_t scale = vreinterpretq_s8_u8(vldrbq_u8(scales));
    const int32_t end = first + p->group < p->taps ? first + p->group : p->taps;
    for (int32_t t = first; t < end; t++, w += 16) vstrbq_s8(w, vmulq_s8(vldrbq_s8(w), scale));
  }
}

/* The stream of the int8 kernel. Units that decode beyond the last tap are overwritten by the factors. */
static inline int8_t *mote_mve_taps(const mote_packedtaps_s8int *p, int8_t *stream) {
  const int32_t groups = p->scales ? (p->taps + p->group - 1) / p->group : 0;
  const int32_t inside = p->kernel_h * p->kernel_w;
  for (int32_t block = 0; block < p->blocks; block++) {
    mote_mve_units(p->codes + block * p->code_bytes, p->bits, stream, p->taps);
    if (p->table) mote_mve_look_up_taps(p, block, stream);
    if (p->scales) mote_mve_scale_taps(p, p->scales + block * groups * 16, stream);
    /* A table may have no weight of zero for the tap beyond the filter. */
    mote_mve_fill(stream + inside * 16, 0, (p->taps - inside) * 16);
    stream = mote_mve_copy(stream + p->taps * 16, p->factors + block * 192, 192);
  }
  return stream;
}

#endif
