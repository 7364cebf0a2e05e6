/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of packedrows.h in scratch. */
#ifndef MOTE_PACKEDROWS_GATHER_H
#define MOTE_PACKEDROWS_GATHER_H

#include "mote/packedrows.h"

static inline int32_t mote_rows_width(const mote_packedrows_s8int_b4 *p) {
  return (p->in_c + MOTE_ROWS_RUN - 1) & ~(MOTE_ROWS_RUN - 1);
}

/* A word for each input, and behind them 8 times the sum of each segment. */
static inline void mote_rows_gather(const mote_packedrows_s8int_b4 *p, const int8_t *input, int32_t *x) {
  const int32_t width = mote_rows_width(p);
  int32_t *eight = x + width;
  for (int32_t i = 0; i < width;) {
    const int32_t end = i + p->segment < width ? i + p->segment : width;
    int32_t sum = 0;
    for (; i < end; i++) {
      x[i] = i < p->in_c ? input[i] : 0;
      sum += x[i];
    }
    *eight++ = 8 * sum;
  }
}

#endif
