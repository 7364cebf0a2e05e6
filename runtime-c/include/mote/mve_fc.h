/* SPDX-License-Identifier: Apache-2.0 */
/* The layer of planefc.h. A format is one function: the sums of eight channels over the columns of a part. */
#ifndef MOTE_MVE_FC_H
#define MOTE_MVE_FC_H

#include "mote/mve_planes.h"
#include "mote/planefc.h"

/* `sum` is that of the inputs. */
typedef mote_mve_eight (*mote_mve_part)(const mote_planefc *p, const int8_t *x, int32_t columns, int32_t sum,
                                        const int8_t **codes);

/* Two's complement sums of nibbles and of crumbs. */
static inline __attribute__((always_inline)) mote_mve_eight mote_mve_signed_nibbles(const int8_t *x, int32_t columns,
                                                                                    int32_t sum, const int8_t **codes) {
  const mote_mve_eight s = mote_mve_nibbles(x, columns, codes);
  const mote_mve_eight r = {vshrq_n_s32(s.first, 4), vsubq_n_s32(s.second, 8 * sum)};
  return r;
}

static inline __attribute__((always_inline)) mote_mve_eight mote_mve_signed_crumbs(const int8_t *x, int32_t columns,
                                                                                   int32_t sum, const int8_t **codes) {
  static const int32_t shifts[8] = {-6, -6, -2, -2, -4, -4, 0, 0};
  const mote_mve_eight s = mote_mve_crumbs(x, columns, codes);
  const int32x4_t first = vshlq_s32(s.first, vldrwq_s32(shifts));
  const int32x4_t second = vshlq_s32(s.second, vldrwq_s32(shifts + 4));
  /* The upper half of the first four has an offset too. */
  const mote_mve_eight r = {vsubq_m_n_s32(first, first, 2 * sum, 0xff00), vsubq_n_s32(second, 2 * sum)};
  return r;
}

static inline __attribute__((always_inline)) mote_mve_eight mote_mve_plain_bits(const int8_t *x, int32_t columns,
                                                                                const int8_t **codes) {
  static const int32_t shifts[4] = {-3, -2, -1, 0};
  const int32x4_t by = vldrwq_s32(shifts);
  const mote_mve_eight s = mote_mve_bits(x, columns, codes);
  const mote_mve_eight r = {vshlq_s32(s.first, by), vshlq_s32(s.second, by)};
  return r;
}

/* factor * s + t + add. */
static inline mote_mve_eight mote_mve_combined(mote_mve_eight s, int32_t factor, mote_mve_eight t, int32_t add) {
  const mote_mve_eight r = {vaddq_n_s32(vmlaq_n_s32(t.first, s.first, factor), add),
                            vaddq_n_s32(vmlaq_n_s32(t.second, s.second, factor), add)};
  return r;
}

static inline int32_t mote_mve_sum(const int8_t *x, int32_t count) {
  int32_t sum = 0;
  for (; count > 0; count -= 16, x += 16) sum = vaddvaq_s8(sum, vldrbq_s8(x));
  return sum;
}

/* The group's scales of a part. */
static inline mote_mve_eight mote_mve_part_scales(const uint8_t *scales) {
  const uint32x4_t codes = vldrbq_u32(scales);
  const mote_mve_eight r = {vreinterpretq_s32_u32(vaddq_n_u32(vandq_u32(codes, vdupq_n_u32(15)), 1)),
                            vreinterpretq_s32_u32(vaddq_n_u32(vshrq_n_u32(codes, 4), 1))};
  return r;
}

/* Adds what the format cannot hold to the sums of `count` channels from c on. */
static inline void mote_mve_fc_outliers(const mote_planefc *p, const int8_t *x, int32_t c, int32_t count,
                                        mote_mve_eight *s) {
  int32_t sums[8];
  vstrwq_s32(sums, s->first);
  vstrwq_s32(sums + 4, s->second);
  for (int32_t k = 0; k < count; k++) {
    const int32_t last = p->outlier_starts[c + k + 1];
    for (int32_t i = p->outlier_starts[c + k]; i < last; i++) sums[k] += x[p->outlier_columns[i]] * p->outlier_amounts[i];
  }
  s->first = vldrwq_s32(sums);
  s->second = vldrwq_s32(sums + 4);
}

/* Outputs of four channels, of which `count` exist. */
static inline void mote_mve_put_four(int32_t rounding, int32_t left, const mote_mve_output *o, int32x4_t sums,
                                     const int32_t *factors, int8_t *output, int32_t count) {
  const int32x4_t acc = vaddq_s32(sums, vldrwq_s32(factors));
  const int32x4_t multiplier = vldrwq_s32(factors + 8);
  int32x4_t y;
  if (rounding == MOTE_ROUNDING_SINGLE) {
    y = vmulhq_s32(vshlq_r_s32(acc, left), multiplier);
  } else {
    y = vqrdmulhq_s32(acc, multiplier);
    y = vaddq_s32(y, vshrq_n_s32(y, 31));
  }
  y = vaddq_s32(vrshlq_s32(y, vldrwq_s32(factors + 16)), o->zero_point);
  vstrbq_p_s32(output, vminq_s32(vmaxq_s32(y, o->min), o->max), vctp32q((uint32_t)count));
}

static inline __attribute__((always_inline)) void mote_mve_fc_row(const mote_planefc *p, const mote_mve_output *o,
                                                                  const int8_t *x, const int32_t *part_sums,
                                                                  int8_t *output, mote_mve_part part) {
  const int8_t *codes = (const int8_t *)p->codes;
  const uint8_t *scales = p->scales;
  const int32_t *factors = p->factors;
  for (int32_t c = 0; c < p->out_c; c += 8, factors += 24) {
    const int32_t count = p->out_c - c < 8 ? p->out_c - c : 8;
    mote_mve_eight s = {vdupq_n_s32(0), vdupq_n_s32(0)};
    const int32_t *sum = part_sums;
    for (int32_t column = 0; column < p->depth; column += p->part) {
      const int32_t left = p->depth - column;
      const mote_mve_eight r = part(p, x + column, left < p->part ? left : p->part, *sum++, &codes);
      if (scales) {
        const mote_mve_eight by = mote_mve_part_scales(scales);
        scales += 4;
        s.first = vaddq_s32(s.first, vmulq_s32(r.first, by.first));
        s.second = vaddq_s32(s.second, vmulq_s32(r.second, by.second));
      } else {
        s = r;
      }
    }
    if (p->outlier_starts) mote_mve_fc_outliers(p, x, c, count, &s);
    mote_mve_put_four(p->rounding, p->left, o, s.first, factors, output + c, count);
    if (count > 4) mote_mve_put_four(p->rounding, p->left, o, s.second, factors + 4, output + c + 4, count - 4);
  }
}

static inline __attribute__((always_inline)) void mote_mve_fc(const mote_planefc *p, const int8_t *input, int8_t *output,
                                                              void *scratch, mote_mve_part part) {
  const mote_mve_output o = mote_mve_output_of(p->output_min, p->output_max, p->output_zero_point);
  int8_t *const x = scratch;
  int32_t *const sums = (int32_t *)(void *)(x + p->depth);
  mote_mve_fill(x, 0, p->depth);
  for (int32_t row = 0; row < p->rows; row++) {
    mote_mve_copy(x, input, p->in_c);
    int32_t *sum = sums;
    for (int32_t column = 0; column < p->depth; column += p->part) {
      const int32_t left = p->depth - column;
      *sum++ = mote_mve_sum(x + column, left < p->part ? left : p->part);
    }
    mote_mve_fc_row(p, &o, x, sums, output, part);
    input += p->in_c;
    output += p->out_c;
  }
}

#endif
