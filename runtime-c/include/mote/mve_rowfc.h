/* SPDX-License-Identifier: Apache-2.0 */
/* The layer of rowfc.h. A format is one function: the sum of the next channel. */
#ifndef MOTE_MVE_ROWFC_H
#define MOTE_MVE_ROWFC_H

#include "mote/mve_fc.h"
#include "mote/rowfc.h"

/* Where the next channel's constants are. */
typedef struct {
  const int8_t *codes;
  const uint8_t *places;
  const uint16_t *counts;
  const uint8_t *scales;
  const int8_t *table;
} mote_mve_channel;

typedef int32_t (*mote_mve_row_sum)(const mote_rowfc *p, const int8_t *x, mote_mve_channel *at);

static inline uint8x16_t mote_mve_load_u8(const uint8_t *from) {
  return vldrbq_u8(from);
}

/* Low and high four bits, with their signs. */
static inline int8x16_t mote_mve_low_codes(int8x16_t v) {
  return vshrq_n_s8(vshlq_n_s8(v, 4), 4);
}

static inline int8x16_t mote_mve_high_codes(int8x16_t v) {
  return vshrq_n_s8(v, 4);
}

static inline __attribute__((always_inline)) void mote_mve_rowfc(const mote_rowfc *p, const int8_t *input,
                                                                 int8_t *output, int8_t *x, mote_mve_row_sum sum) {
  const mote_mve_output o = mote_mve_output_of(p->output_min, p->output_max, p->output_zero_point);
  mote_mve_fill(x, 0, p->depth);
  for (int32_t row = 0; row < p->rows; row++) {
    mote_mve_copy(x, input, p->in_c);
    mote_mve_channel at = {(const int8_t *)p->codes, p->places, p->counts, p->scales, p->table};
    const int32_t *factors = p->factors;
    for (int32_t c = 0; c < p->out_c; c += 8, factors += 24) {
      const int32_t count = p->out_c - c < 8 ? p->out_c - c : 8;
      int32_t sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
      for (int32_t k = 0; k < count; k++) sums[k] = sum(p, x, &at);
      mote_mve_put_four(p->rounding, p->left, &o, vldrwq_s32(sums), factors, output + c, count);
      if (count > 4) {
        mote_mve_put_four(p->rounding, p->left, &o, vldrwq_s32(sums + 4), factors + 4, output + c + 4, count - 4);
      }
    }
    input += p->in_c;
    output += p->out_c;
  }
}

#endif
