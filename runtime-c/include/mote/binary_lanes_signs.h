/* SPDX-License-Identifier: Apache-2.0 */
/* From differences to bits (binary_lanes.h): the comparison's sign is the bit. */
#ifndef MOTE_BINARY_LANES_SIGNS_H
#define MOTE_BINARY_LANES_SIGNS_H

#include "mote/binary_lanes.h"

/* Up to eight channels at four pixels, a byte each. */
static inline void mote_lanes_narrow(const mote_binarylanes_b1b1 *p, const mote_lanes *v, int32_t c, int32_t count,
                                     uint8_t *output) {
  const int32_t row = 4 * ((p->out_c + 31) >> 5);
  for (int32_t k = 0; k < 4; k++) {
    const uint32_t *differ = v->bytes + 4 * c + k;
    uint32_t bits = 0;
    for (int32_t i = 0; i < count; i++) {
      bits = bits >> 1 | (((uint32_t)p->bias[c + i] - differ[4 * i]) & 0x80808080u);
    }
    for (int32_t pixel = mote_lanes_pixel(k), i = 0; i < 4 && pixel < v->pixels; i++, pixel += 2) {
      output[pixel * row] = (uint8_t)((bits >> (8 * i) & 0xFFu) >> (8 - count));
    }
  }
}

static inline void mote_lanes_half(const mote_lanes *v, int32_t row, int32_t pixel, uint32_t bits, int32_t count,
                                   uint8_t *output) {
  for (int32_t i = 0; i < 2 && pixel < v->pixels; i++, pixel += 4) {
    const uint32_t half = (bits >> (16 * i) & 0xFFFFu) >> (16 - count);
    output[pixel * row] = (uint8_t)half;
    output[pixel * row + 1] = (uint8_t)(half >> 8);
  }
}

/* Up to 16 channels at four pixels, two bytes each. */
static inline void mote_lanes_broad(const mote_binarylanes_b1b1 *p, const mote_lanes *v, int32_t c, int32_t count,
                                    uint8_t *output) {
  const int32_t row = 4 * ((p->out_c + 31) >> 5);
  const uint32_t sign = 0x80008000u;
  for (int32_t k = 0; k < 4; k++) {
    const int32_t *bias = p->bias + c;
    uint32_t low = 0, high = 0;
    if (v->chunks > MOTE_LANES_SECTION) {
      const uint32_t *differ = v->wide + 8 * c + 2 * k;
      for (int32_t i = 0; i < count; i++) {
        const uint32_t limit = (uint32_t)*bias++;
        low = low >> 1 | ((limit - differ[0]) & sign);
        high = high >> 1 | ((limit - differ[1]) & sign);
        differ += 8;
      }
    } else {
      const uint32_t *differ = v->bytes + 4 * c + k;
      for (int32_t i = 0; i < count; i++) {
        const uint32_t limit = (uint32_t)*bias++;
        low = low >> 1 | ((limit - mote_lanes_low(*differ)) & sign);
        high = high >> 1 | ((limit - mote_lanes_high(*differ)) & sign);
        differ += 4;
      }
    }
    mote_lanes_half(v, row, mote_lanes_pixel(k), low, count, output);
    mote_lanes_half(v, row, mote_lanes_pixel(k) + 2, high, count, output);
  }
}

static inline void mote_lanes_finish(const mote_binarylanes_b1b1 *p, const mote_lanes *v, int32_t *output) {
  const int32_t words = (p->out_c + 31) >> 5;
  for (int32_t i = 0; i < v->pixels; i++) output[i * words + words - 1] = 0;
  for (int32_t c = 0; c < p->out_c; c += p->narrow ? 8 : 16) {
    const int32_t left = p->out_c - c;
    uint8_t *to = (uint8_t *)output + (c >> 3);
    if (p->narrow) {
      mote_lanes_narrow(p, v, c, left < 8 ? left : 8, to);
    } else {
      mote_lanes_broad(p, v, c, left < 16 ? left : 16, to);
    }
  }
}

#endif
