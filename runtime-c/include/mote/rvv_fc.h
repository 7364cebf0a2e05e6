/* SPDX-License-Identifier: Apache-2.0 */
/* The layer of lanefc.h. Where a byte v has the codes a (high) and b (low), v = 16 a + b: the sums of x v and of
 * x (v & 15) give those of both. Fewer bits go on like that, two masks at a time: two accumulators of e32 m8 and the codes
 * fill the register file, and so the loop is assembly. */
#ifndef MOTE_RVV_FC_H
#define MOTE_RVV_FC_H

#include "mote/lanefc.h"
#include "mote/rvv_rescale.h"

#define MOTE_RVV_MASKED(at)              \
  "vle8.v v4, (%[w])\n"                  \
  "add %[w], %[w], %[step]\n"            \
  "vzext.vf2 v0, v4\n"                   \
  "lb %[t], " at "(%[x])\n"              \
  "vand.vx v4, v0, %[m]\n"               \
  "vand.vx v0, v0, %[n]\n"               \
  "vwmacc.vx %[a], %[t], v4\n"           \
  "vwmacc.vx %[b], %[t], v0\n"

/* Sums over a plane's columns of inputs times bytes, under the masks m and n. */
typedef struct {
  const uint8_t *bytes;
  int32_t step; /* from row to row */
  const int8_t *x;
  int32_t columns;
} mote_rvv_plane;

/* a and b: sums with masks m and n. */
#define MOTE_RVV_SUMS(p, m_, n_, vl_, a_, b_)                                                                          \
  do {                                                                                                                 \
    const uint8_t *w_ = (p)->bytes;                                                                                    \
    const int8_t *x_ = (p)->x;                                                                                         \
    const int8_t *e_;                                                                                                  \
    int32_t t_;                                                                                                        \
    __asm__ volatile("vsetvli zero, %[vl], e16, m4, ta, ma\n"                                                          \
                     "andi %[t], %[count], -4\n"                                                                       \
                     "add %[e], %[x], %[t]\n"                                                                          \
                     "beqz %[t], 2f\n"                                                                                 \
                     "1:\n" MOTE_RVV_MASKED("0") MOTE_RVV_MASKED("1") MOTE_RVV_MASKED("2") MOTE_RVV_MASKED("3")        \
                     "addi %[x], %[x], 4\n"                                                                            \
                     "bne %[x], %[e], 1b\n"                                                                            \
                     "2:\n"                                                                                            \
                     "andi %[t], %[count], 3\n"                                                                        \
                     "add %[e], %[x], %[t]\n"                                                                          \
                     "beqz %[t], 4f\n"                                                                                 \
                     "3:\n" MOTE_RVV_MASKED("0")                                                                       \
                     "addi %[x], %[x], 1\n"                                                                            \
                     "bne %[x], %[e], 3b\n"                                                                            \
                     "4:\n"                                                                                            \
                     : [a] "+vr"(a_), [b] "+vr"(b_), [w] "+r"(w_), [x] "+r"(x_), [t] "=&r"(t_), [e] "=&r"(e_)          \
                     : [count] "r"((p)->columns), [step] "r"((p)->step), [m] "r"(m_), [n] "r"(n_), [vl] "r"(vl_)       \
                     : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "vl", "vtype", "memory");                       \
  } while (0)

/* Adds factor * (sums >> shift) to those of channels from c on, as many as there are of vl. */
static inline void mote_rvv_add(const mote_lanefc *p, int32_t *sums, int32_t c, size_t vl, vint32m8_t v, int32_t shift,
                                int32_t factor) {
  const int32_t left = p->out_c - c;
  if (left <= 0) return;
  const size_t count = (size_t)left < vl ? (size_t)left : vl;
  const vint32m8_t exact = __riscv_vsra_vx_i32m8(v, (size_t)shift, count);
  const vint32m8_t more = __riscv_vmul_vx_i32m8(exact, factor, count);
  __riscv_vse32_v_i32m8(sums + c, __riscv_vadd_vv_i32m8(__riscv_vle32_v_i32m8(sums + c, count), more, count), count);
}

/* A plane's part in the sums of all channels. */
static inline void mote_rvv_add_plane(const mote_lanefc *p, mote_rvv_plane plane, int32_t bits, int32_t factor,
                                      int32_t *sums) {
  const int32_t lanes = plane.step;
  for (int32_t lane = 0; lane < lanes;) {
    const size_t vl = __riscv_vsetvl_e32m8((size_t)(lanes - lane));
    vint32m8_t lower = __riscv_vmv_v_x_i32m8(0, vl);
    /* Two codes of a byte at a time, from the lowest bits up. */
    for (int32_t field = 8 / bits - 2; field >= 0; field -= 2) {
      const int32_t m = 255 >> (bits * field);
      const int32_t n = m >> bits;
      const int32_t shift = 8 - bits * (field + 2);
      vint32m8_t a = __riscv_vmv_v_x_i32m8(0, vl);
      vint32m8_t b = a;
      MOTE_RVV_SUMS(&plane, m, n, vl, a, b);
      mote_rvv_add(p, sums, lane + (field + 1) * lanes, vl, __riscv_vsub_vv_i32m8(b, lower, vl), shift, factor);
      mote_rvv_add(p, sums, lane + field * lanes, vl, __riscv_vsub_vv_i32m8(a, b, vl), shift + bits, factor);
      lower = a;
    }
    plane.bytes += vl;
    lane += (int32_t)vl;
  }
}

/* All planes of a part; returns the bytes behind them. */
static inline const uint8_t *mote_rvv_add_part(const mote_lanefc *p, const uint8_t *codes, const int8_t *x,
                                               int32_t columns, int32_t *sums) {
  for (int32_t i = 0; i < 2 && p->plane_bits[i] > 0; i++) {
    const int32_t bits = p->plane_bits[i];
    const int32_t step = (p->out_c * bits + 7) >> 3;
    const mote_rvv_plane plane = {codes, step, x, columns};
    mote_rvv_add_plane(p, plane, bits, p->plane_factor[i], sums);
    codes += step * columns;
  }
  return codes;
}

/* sums += (part - offset) * the part's scales. */
static inline void mote_rvv_add_scaled(const mote_lanefc *p, int32_t index, int32_t offset, const int32_t *part,
                                       int32_t *sums) {
  const uint8_t *row = p->scales + (index >> 1) * p->out_c;
  for (int32_t c = 0; c < p->out_c;) {
    const size_t vl = __riscv_vsetvl_e32m8((size_t)(p->out_c - c));
    const vuint8m2_t codes = __riscv_vsrl_vx_u8m2(__riscv_vle8_v_u8m2(row + c, vl), (size_t)(4 * (index & 1)), vl);
    const vuint8m2_t scale = __riscv_vadd_vx_u8m2(__riscv_vand_vx_u8m2(codes, 15, vl), 1, vl);
    const vint32m8_t by = __riscv_vreinterpret_v_u32m8_i32m8(__riscv_vzext_vf4_u32m8(scale, vl));
    const vint32m8_t v = __riscv_vsub_vx_i32m8(__riscv_vle32_v_i32m8(part + c, vl), offset, vl);
    const vint32m8_t sum = __riscv_vmacc_vv_i32m8(__riscv_vle32_v_i32m8(sums + c, vl), v, by, vl);
    __riscv_vse32_v_i32m8(sums + c, sum, vl);
    c += (int32_t)vl;
  }
}

static inline void mote_rvv_clear(int32_t *to, int32_t count) {
  while (count > 0) {
    const size_t vl = __riscv_vsetvl_e32m8((size_t)count);
    __riscv_vse32_v_i32m8(to, __riscv_vmv_v_x_i32m8(0, vl), vl);
    to += vl;
    count -= (int32_t)vl;
  }
}

static inline int32_t mote_rvv_total(const int8_t *x, int32_t count) {
  int32_t total = 0;
  while (count > 0) {
    const size_t vl = __riscv_vsetvl_e8m2((size_t)count);
    const vint32m1_t none = __riscv_vmv_v_x_i32m1(total, 1);
    const vint16m4_t wide = __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(x, vl), vl);
    total = __riscv_vmv_x_s_i32m1_i32(__riscv_vwredsum_vs_i16m4_i32m1(wide, none, vl));
    x += vl;
    count -= (int32_t)vl;
  }
  return total;
}

static inline void mote_rvv_fc_row(const mote_lanefc *p, const int8_t *x, int32_t *sums, int32_t *part) {
  const uint8_t *codes = p->codes;
  int32_t index = 0;
  mote_rvv_clear(sums, p->out_c);
  for (int32_t column = 0; column < p->in_c; column += p->part) {
    const int32_t left = p->in_c - column;
    const int32_t columns = left < p->part ? left : p->part;
    if (p->scales) mote_rvv_clear(part, p->out_c);
    codes = mote_rvv_add_part(p, codes, x + column, columns, p->scales ? part : sums);
    if (p->scales) mote_rvv_add_scaled(p, index++, p->offset * mote_rvv_total(x + column, columns), part, sums);
  }
  if (p->outlier_starts)
    for (int32_t c = 0; c < p->out_c; c++)
      for (int32_t i = p->outlier_starts[c]; i < p->outlier_starts[c + 1]; i++)
        sums[c] += x[p->outlier_columns[i]] * p->outlier_amounts[i];
}

static inline void mote_rvv_fc(const mote_lanefc *p, const int8_t *input, int8_t *output, void *scratch) {
  const mote_rvv_rescale r = {p->bias,       p->multiplier,        p->shift,        p->pre_shift, p->zero_shifts,
                              p->output_zero_point, p->output_min, p->output_max, p->rounding};
  int32_t *const sums = scratch;
  for (int32_t row = 0; row < p->rows; row++) {
    mote_rvv_fc_row(p, input, sums, sums + p->out_c);
    const int32_t offset = p->scales ? 0 : p->offset * mote_rvv_total(input, p->in_c);
    for (int32_t c = 0; c < p->out_c;) {
      const size_t vl = __riscv_vsetvl_e32m8((size_t)(p->out_c - c));
      const vint32m8_t bias = __riscv_vsub_vx_i32m8(__riscv_vle32_v_i32m8(r.bias + c, vl), offset, vl);
      mote_rvv_put1(&r, c, vl, __riscv_vadd_vv_i32m8(bias, __riscv_vle32_v_i32m8(sums + c, vl), vl), output + c);
      c += (int32_t)vl;
    }
    input += p->in_c;
    output += p->out_c;
  }
}

#endif
