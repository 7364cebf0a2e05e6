/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of packed weights on Helium, in rows of 16 bytes (packedstream.h). */
#ifndef MOTE_MVE_UNITS_H
#define MOTE_MVE_UNITS_H

#include "mote/mve_stream.h"

/* Units of `bits` from rows of codes to `to`; whole rows, so up to 7 units more than asked for. */
static inline void mote_mve_units(const uint8_t *codes, int32_t bits, int8_t *to, int32_t units) {
  const int8_t *from = (const int8_t *)codes;
  const int8_t *const end = to + units * 16;
  switch (bits) {
    case 4:
      for (; to < end; to += 32, from += 16) {
        const int8x16_t v = vldrbq_s8(from);
        vstrbq_s8(to, vshrq_n_s8(vshlq_n_s8(v, 4), 4));
        vstrbq_s8(to + 16, vshrq_n_s8(v, 4));
      }
      break;
    case 2:
      for (; to < end; to += 64, from += 16) {
        const int8x16_t v = vldrbq_s8(from);
        vstrbq_s8(to, vshrq_n_s8(vshlq_n_s8(v, 6), 6));
        vstrbq_s8(to + 16, vshrq_n_s8(vshlq_n_s8(v, 4), 6));
        vstrbq_s8(to + 32, vshrq_n_s8(vshlq_n_s8(v, 2), 6));
        vstrbq_s8(to + 48, vshrq_n_s8(v, 6));
      }
      break;
    case 6:
      for (; to < end; to += 64, from += 48) {
        const int8x16_t low = vldrbq_s8(from + 32);
        const int8x16_t two = vdupq_n_s8(3);
        const int8x16_t high = vdupq_n_s8((int8_t)-4);
        const int8x16_t a = vldrbq_s8(from);
        const int8x16_t b = vldrbq_s8(from + 16);
        vstrbq_s8(to, vorrq_s8(vshrq_n_s8(vshlq_n_s8(a, 4), 2), vandq_s8(low, two)));
        vstrbq_s8(to + 16, vorrq_s8(vandq_s8(vshrq_n_s8(a, 2), high), vandq_s8(vshrq_n_s8(low, 2), two)));
        vstrbq_s8(to + 32, vorrq_s8(vshrq_n_s8(vshlq_n_s8(b, 4), 2), vandq_s8(vshrq_n_s8(low, 4), two)));
        vstrbq_s8(to + 48, vorrq_s8(vandq_s8(vshrq_n_s8(b, 2), high), vandq_s8(vshrq_n_s8(low, 6), two)));
      }
      break;
    case 3: {
      /* The highest bit counts -4: it moves to bit 7, and an arithmetic shift by 5 makes it so. */
      const int8x16_t two = vdupq_n_s8(3);
      const int8x16_t top = vdupq_n_s8((int8_t)-4);
      for (; to < end; from += 48) {
        int8x16_t sign = vldrbq_s8(from + 32);
        for (int32_t half = 0; half < 2; half++) {
          int8x16_t low = vldrbq_s8(from + 16 * half);
          for (int32_t i = 0; i < 4; i++, to += 16) {
            const int8x16_t high = vandq_s8(vshrq_n_s8(vshlq_n_s8(sign, 7), 7), top);
            vstrbq_s8(to, vorrq_s8(vandq_s8(low, two), high));
            low = vshrq_n_s8(low, 2);
            sign = vshrq_n_s8(sign, 1);
          }
        }
      }
      break;
    }
    case 1:
      for (; to < end; from += 16) {
        int8x16_t v = vldrbq_s8(from);
        for (int32_t i = 0; i < 8; i++, to += 16) {
          vstrbq_s8(to, vshrq_n_s8(vshlq_n_s8(v, 7), 7));
          v = vshrq_n_s8(v, 1);
        }
      }
      break;
    default:
      mote_mve_copy(to, from, units * 16);
  }
}

#endif
