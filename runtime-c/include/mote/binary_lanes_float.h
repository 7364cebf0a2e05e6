/* SPDX-License-Identifier: Apache-2.0 */
/* From differences to float32 (binary_lanes.h). */
#ifndef MOTE_BINARY_LANES_FLOAT_H
#define MOTE_BINARY_LANES_FLOAT_H

#include "mote/binary_lanes.h"

static inline float mote_lanes_value(const mote_binarylanes_b1f32 *p, int32_t c, int32_t differ) {
  const int32_t sum = p->kernel_h * p->kernel_w * p->in_c - 2 * differ;
  const float value = p->scale[c] * (float)sum + p->offset[c];
  const float least = value < p->value_min ? p->value_min : value;
  return least > p->value_max ? p->value_max : least;
}

/* One channel at the pixels of byte word k: low bytes of its halves first. */
static inline void mote_lanes_four(const mote_binarylanes_b1f32 *p, const mote_lanes *v, int32_t c, int32_t k, uint32_t low,
                                   uint32_t high, float *output) {
  const uint32_t differ[4] = {low & 0xFFFFu, high & 0xFFFFu, low >> 16, high >> 16};
  int32_t pixel = mote_lanes_pixel(k);
  float *to = output + pixel * p->out_c;
  for (int32_t i = 0; i < 4 && pixel < v->pixels; i++) {
    *to = mote_lanes_value(p, c, (int32_t)differ[i]);
    to += 2 * p->out_c;
    pixel += 2;
  }
}

static inline void mote_lanes_finish(const mote_binarylanes_b1f32 *p, const mote_lanes *v, float *output) {
  const uint32_t *wide = v->wide, *bytes = v->bytes;
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
