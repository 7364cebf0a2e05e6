/* SPDX-License-Identifier: Apache-2.0 */
/* From differences to int8 (binary_lanes.h). */
#ifndef MOTE_BINARY_LANES_INT8_H
#define MOTE_BINARY_LANES_INT8_H

#include "mote/binary_lanes.h"
#include "mote/requantize.h"

static inline int8_t mote_lanes_value(const mote_binarylanes_b1s8 *p, int32_t c, int32_t differ) {
  const int32_t sum = p->bias[c] + p->multiplier[c] * differ;
  return (int8_t)mote_clamp(sum >> p->shift, p->output_min, p->output_max);
}

static inline int8_t mote_lanes_int8(int32_t bias, int32_t multiplier, int32_t shift, uint32_t differ) {
  return (int8_t)mote_clamp((bias + multiplier * (int32_t)differ) >> shift, -128, 127);
}

/* All channels at four pixels that are there, from bytes or from halves; outputs have the whole range. */
static inline void mote_lanes_rows(const mote_binarylanes_b1s8 *p, const uint32_t *differ, int broad, int8_t *output) {
  const int32_t *bias = p->bias, *multiplier = p->multiplier;
  const int32_t *end = bias + p->out_c;
  const int32_t shift = p->shift, row = 2 * p->out_c;
  while (bias != end) {
    const int32_t b = *bias++, m = *multiplier++;
    const uint32_t even = broad ? differ[0] : mote_lanes_low(differ[0]);
    const uint32_t odd = broad ? differ[1] : mote_lanes_high(differ[0]);
    output[0] = mote_lanes_int8(b, m, shift, even & 0xFFFFu);
    output[row] = mote_lanes_int8(b, m, shift, odd & 0xFFFFu);
    output[2 * row] = mote_lanes_int8(b, m, shift, even >> 16);
    output[3 * row] = mote_lanes_int8(b, m, shift, odd >> 16);
    output++;
    differ += broad ? 8 : 4;
  }
}

static inline void mote_lanes_whole(const mote_binarylanes_b1s8 *p, const mote_lanes *v, int8_t *output) {
  for (int32_t k = 0; k < 4; k++) {
    int8_t *to = output + mote_lanes_pixel(k) * p->out_c;
    if (v->chunks > MOTE_LANES_SECTION) {
      mote_lanes_rows(p, v->wide + 2 * k, 1, to);
    } else {
      mote_lanes_rows(p, v->bytes + k, 0, to);
    }
  }
}

/* One channel at the pixels of byte word k: low bytes of its halves first. */
static inline void mote_lanes_four(const mote_binarylanes_b1s8 *p, const mote_lanes *v, int32_t c, int32_t k, uint32_t low,
                                   uint32_t high, int8_t *output) {
  const uint32_t differ[4] = {low & 0xFFFFu, high & 0xFFFFu, low >> 16, high >> 16};
  int32_t pixel = mote_lanes_pixel(k);
  int8_t *to = output + pixel * p->out_c;
  for (int32_t i = 0; i < 4 && pixel < v->pixels; i++) {
    *to = mote_lanes_value(p, c, (int32_t)differ[i]);
    to += 2 * p->out_c;
    pixel += 2;
  }
}

static inline void mote_lanes_finish(const mote_binarylanes_b1s8 *p, const mote_lanes *v, int8_t *output) {
  const uint32_t *wide = v->wide, *bytes = v->bytes;
  if (v->pixels == MOTE_LANES_PIXELS && p->output_min == -128 && p->output_max == 127) {
    mote_lanes_whole(p, v, output);
    return;
  }
  for (int32_t c = 0; c < p->out_c; c++) {
    for (int32_t k = 0; k < 4; k++) {
      if (v->chunks > MOTE_LANES_SECTION) {
        mote_lanes_four(p, v, c, k, wide[2 * k], wide[2 * k + 1], output + c);
      } else {
        mote_lanes_four(p, v, c, k, mote_lanes_low(bytes[k]), mote_lanes_high(bytes[k]), output + c);
      }
    }
    wide += 8;
    bytes += 4;
  }
}

#endif
