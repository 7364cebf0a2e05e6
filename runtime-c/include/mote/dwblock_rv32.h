/* SPDX-License-Identifier: Apache-2.0 */
/* dwblock_drive.h on RV32IM. Plain C, which compilers do well here: the nine weights of a 3 x 3 window stay in registers
 * and each column of three inputs is loaded once; other windows go tap by tap, four pixels at a time. */
#ifndef MOTE_DWBLOCK_RV32_H
#define MOTE_DWBLOCK_RV32_H

#include <stdint.h>

#include "mote/dwblock.h"

typedef int16_t band_x;
#define MOTE_SUMS_HAVE_QUARTER
#define MOTE_BAND_MOVED 0

typedef struct {
  int32_t offset, weight; /* offset in bytes */
} band_tap;

/* A column of inputs ends one sum, continues the next and begins the one after that. */
static inline void square_sums(const mote_dwblock_s16s8 *p, const band_x *begin, int32_t *sums, const band_tap *t) {
  const int32_t w0 = t[0].weight, w1 = t[1].weight, w2 = t[2].weight;
  const int32_t w3 = t[3].weight, w4 = t[4].weight, w5 = t[5].weight;
  const int32_t w6 = t[6].weight, w7 = t[7].weight, w8 = t[8].weight;
  const band_x *a = begin + 2;
  const band_x *b = a + p->gathered;
  const band_x *c = b + p->gathered;
  int32_t now = w0 * a[-2] + w3 * b[-2] + w6 * c[-2] + w1 * a[-1] + w4 * b[-1] + w7 * c[-1];
  int32_t next = w0 * a[-1] + w3 * b[-1] + w6 * c[-1];
  const int32_t *const end = sums + p->columns;
  do {
    *sums++ = now + w2 * *a + w5 * *b + w8 * *c;
    now = next + w1 * *a + w4 * *b + w7 * *c;
    next = w0 * *a++ + w3 * *b++ + w6 * *c++;
  } while (sums != end);
}

static inline void line_sums(const mote_dwblock_s16s8 *p, const band_x *begin, int32_t *sums, const band_tap *taps,
                             int32_t start) {
  (void)start; /* 0 */
  if (p->square) {
    square_sums(p, begin, sums, taps);
    return;
  }
  const band_tap *const end = taps + p->tap_count;
  for (int32_t i = 0; i < p->columns; i += 4) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (const band_tap *t = taps; t != end; t++) {
      const band_x *const x = (const band_x *)((const char *)begin + t->offset);
      const int32_t w = t->weight;
      s0 += w * x[0];
      s1 += w * x[1];
      s2 += w * x[2];
      s3 += w * x[3];
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
    sums += 4;
    begin += 4;
  }
}

#endif
