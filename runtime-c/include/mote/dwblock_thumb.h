/* SPDX-License-Identifier: Apache-2.0 */
/* dwblock_drive.h on Armv6-M. Inputs are gathered + 2^15, for only unsigned half words load with an offset. */
#ifndef MOTE_DWBLOCK_THUMB_H
#define MOTE_DWBLOCK_THUMB_H

#include "mote/dwblock.h"

typedef uint16_t mote_line_place;
#define MOTE_PLACE_LOAD "ldrh"
#define MOTE_PLACE_BYTES "2"
#include "mote/thumb_line.h"

typedef mote_line_place band_x;
typedef mote_line_tap band_tap;
#define MOTE_BAND_MOVED 32768

static inline void line_sums(const mote_dwblock_s16s8 *p, const band_x *begin, int32_t *sums, const band_tap *taps,
                             int32_t start) {
  mote_line_sums(begin, begin + ((p->columns + 3) & ~3), sums, taps, taps + p->tap_count, start);
}

#endif
