/* SPDX-License-Identifier: Apache-2.0 */
/* The convolution of packedlanes.h. A format is one function: it decodes a chunk of columns of a strip of channels to
 * int16, [column][lane]. The multiply loop then loads a column and multiplies it with three pixels, in assembly because
 * three accumulators of e32 m8 and the weights fill the register file. */
#ifndef MOTE_RVV_PACKED_H
#define MOTE_RVV_PACKED_H

#include "mote/packedlanes.h"
#include "mote/rvv_rescale.h"

#define MOTE_RVV_COLUMN(v)                   \
  "vle16.v " v ", (%[w])\n"                  \
  "add %[w], %[w], %[step]\n"
#define MOTE_RVV_TAP3(at, v)                 \
  MOTE_RVV_COLUMN(v)                         \
  "lb %[t0], " at "(%[x0])\n"                \
  "lb %[t1], " at "(%[x1])\n"                \
  "lb %[t2], " at "(%[x2])\n"                \
  "vwmacc.vx %[a0], %[t0], " v "\n"          \
  "vwmacc.vx %[a1], %[t1], " v "\n"          \
  "vwmacc.vx %[a2], %[t2], " v "\n"
#define MOTE_RVV_TAP1(at, v)                 \
  MOTE_RVV_COLUMN(v)                         \
  "lb %[t0], " at "(%[x0])\n"                \
  "vwmacc.vx %[a0], %[t0], " v "\n"
#define MOTE_RVV_TAKEN "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "vl", "vtype", "memory"

/* A strip of channels and a chunk of columns of it. */
typedef struct {
  int32_t channel, column, count;
  size_t vl;
} mote_rvv_chunk;

/* Sign-extended bytes. */
static inline vint16m4_t mote_rvv_row(const uint8_t *row, size_t vl) {
  return __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2((const int8_t *)row, vl), vl);
}

/* Bits from .. from + bits of each byte, as two's complement. */
static inline vint16m4_t mote_rvv_bits(vint16m4_t row, size_t from, size_t bits, size_t vl) {
  return __riscv_vsra_vx_i16m4(__riscv_vsll_vx_i16m4(row, 16 - bits - from, vl), 16 - bits, vl);
}

/* `count` units from unit `first` on, a multiple of what rows hold, as two's complement; whole rows, so up to 7 more. Rows
 * have `row_bytes` bytes, `codes` is the first one's byte of the first lane. */
static inline void mote_rvv_units(const uint8_t *codes, int32_t row_bytes, int32_t bits, int32_t first, int32_t count,
                                  size_t vl, int16_t *to) {
  const int16_t *const end = to + count * (int32_t)vl;
  const uint8_t *from;
  switch (bits) {
    case 4:
      from = codes + (first >> 1) * row_bytes;
      for (; to < end; to += 2 * vl, from += row_bytes) {
        const vint16m4_t row = mote_rvv_row(from, vl);
        __riscv_vse16_v_i16m4(to, mote_rvv_bits(row, 0, 4, vl), vl);
        __riscv_vse16_v_i16m4(to + vl, __riscv_vsra_vx_i16m4(row, 4, vl), vl);
      }
      break;
    case 2:
      from = codes + (first >> 2) * row_bytes;
      for (; to < end; to += 4 * vl, from += row_bytes) {
        const vint16m4_t row = mote_rvv_row(from, vl);
        __riscv_vse16_v_i16m4(to, mote_rvv_bits(row, 0, 2, vl), vl);
        __riscv_vse16_v_i16m4(to + vl, mote_rvv_bits(row, 2, 2, vl), vl);
        __riscv_vse16_v_i16m4(to + 2 * vl, mote_rvv_bits(row, 4, 2, vl), vl);
        __riscv_vse16_v_i16m4(to + 3 * vl, __riscv_vsra_vx_i16m4(row, 6, vl), vl);
      }
      break;
    case 1:
      from = codes + (first >> 3) * row_bytes;
      for (; to < end; from += row_bytes) {
        const vint16m4_t row = mote_rvv_row(from, vl);
        for (size_t i = 0; i < 8; i++, to += vl) __riscv_vse16_v_i16m4(to, mote_rvv_bits(row, i, 1, vl), vl);
      }
      break;
    case 3:
      from = codes + (first >> 3) * 3 * row_bytes;
      for (; to < end; from += 3 * row_bytes) {
        const vint16m4_t high = mote_rvv_row(from + 2 * row_bytes, vl);
        for (size_t half = 0; half < 2; half++) {
          const vint16m4_t low = mote_rvv_row(from + (half == 0 ? 0 : row_bytes), vl);
          for (size_t i = 0; i < 4; i++, to += vl) {
            const vint16m4_t two = __riscv_vand_vx_i16m4(__riscv_vsra_vx_i16m4(low, 2 * i, vl), 3, vl);
            const vint16m4_t top = __riscv_vsll_vx_i16m4(mote_rvv_bits(high, 4 * half + i, 1, vl), 2, vl);
            __riscv_vse16_v_i16m4(to, __riscv_vor_vv_i16m4(two, top, vl), vl);
          }
        }
      }
      break;
    case 6:
      from = codes + (first >> 2) * 3 * row_bytes;
      for (; to < end; from += 3 * row_bytes) {
        const vint16m4_t low = mote_rvv_row(from + 2 * row_bytes, vl);
        for (size_t i = 0; i < 4; i++, to += vl) {
          const vint16m4_t high = mote_rvv_row(from + (i < 2 ? 0 : row_bytes), vl);
          const vint16m4_t two = __riscv_vand_vx_i16m4(__riscv_vsra_vx_i16m4(low, 2 * i, vl), 3, vl);
          const vint16m4_t top = __riscv_vsll_vx_i16m4(mote_rvv_bits(high, 4 * (i & 1), 4, vl), 2, vl);
          __riscv_vse16_v_i16m4(to, __riscv_vor_vv_i16m4(two, top, vl), vl);
        }
      }
      break;
    default:
      from = codes + first * row_bytes;
      for (; to < end; to += vl, from += row_bytes) __riscv_vse16_v_i16m4(to, mote_rvv_row(from, vl), vl);
  }
}

/* The codes of a chunk. */
static inline void mote_rvv_codes(const mote_packedlanes *p, const mote_rvv_chunk *k, int32_t bits, int16_t *w) {
  mote_rvv_units(p->codes + k->channel, p->out_c, bits, k->column, k->count, k->vl, w);
}

/* Times the scales of groups of columns. */
static inline void mote_rvv_scale(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w) {
  const int32_t end = k->column + k->count;
  for (int32_t column = k->column; column < end;) {
    const int32_t group = column >> p->scale_shift;
    const vint16m4_t row = mote_rvv_row(p->scales + (group >> 1) * p->out_c + k->channel, k->vl);
    const vint16m4_t code = __riscv_vand_vx_i16m4(__riscv_vsra_vx_i16m4(row, (size_t)(4 * (group & 1)), k->vl), 15, k->vl);
    const vint16m4_t scale = __riscv_vadd_vx_i16m4(code, 1, k->vl);
    const int32_t next = (group + 1) << p->scale_shift;
    const int32_t stop = next < end ? next : end;
    for (; column < stop; column++, w += k->vl)
      __riscv_vse16_v_i16m4(w, __riscv_vmul_vv_i16m4(__riscv_vle16_v_i16m4(w, k->vl), scale, k->vl), k->vl);
  }
}

/* Adds what the format cannot hold. */
static inline void mote_rvv_outliers(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w) {
  const int32_t lanes = (int32_t)k->vl;
  for (int32_t lane = 0; lane < lanes; lane++) {
    const int32_t last = p->outlier_starts[k->channel + lane + 1];
    int32_t i = p->outlier_starts[k->channel + lane];
    /* The first one in the chunk, by halves. */
    for (int32_t count = last - i; count > 0;) {
      const int32_t half = count >> 1;
      const int before = p->outlier_columns[i + half] < k->column;
      i = before ? i + half + 1 : i;
      count = before ? count - half - 1 : half;
    }
    for (; i < last && p->outlier_columns[i] < k->column + k->count; i++) {
      const int32_t at = (p->outlier_columns[i] - k->column) * lanes + lane;
      w[at] = (int16_t)(w[at] + p->outlier_amounts[i]);
    }
  }
}

/* A tile: where its patches and outputs are. */
typedef struct {
  const int8_t *patch;
  int32_t patch_step;
  int8_t *output;
  int32_t count;
} mote_rvv_tile;

/* Sums of pixels i .. i + 3 (fewer at the end of the tile: the last one again) over a chunk: from bias or `sums` on, to
 * `sums` or rescaled to the output. */
static inline void mote_rvv_three(const mote_packedlanes *p, const mote_rvv_rescale *r, const mote_rvv_tile *t,
                                  const mote_rvv_chunk *k, const int16_t *w, int32_t *sums, int32_t i) {
  const size_t vl = k->vl;
  const int32_t left = t->count - i;
  const int8_t *x0 = t->patch + i * t->patch_step + k->column;
  const int8_t *x1 = x0 + t->patch_step;
  const int8_t *x2 = left > 2 ? x1 + t->patch_step : x1;
  int32_t *const s0 = sums + i * p->lanes;
  int32_t *const s1 = s0 + p->lanes;
  int32_t *const s2 = left > 2 ? s1 + p->lanes : s1;
  const int first = k->column == 0;
  vint32m8_t a0 = __riscv_vle32_v_i32m8(first ? r->bias + k->channel : s0, vl);
  vint32m8_t a1 = __riscv_vle32_v_i32m8(first ? r->bias + k->channel : s1, vl);
  vint32m8_t a2 = __riscv_vle32_v_i32m8(first ? r->bias + k->channel : s2, vl);
  const int8_t *end;
  int32_t t0, t1, t2;
  __asm__ volatile(
      "vsetvli zero, %[vl], e16, m4, ta, ma\n"
      "andi %[t0], %[n], -8\n"
      "add %[e], %[x0], %[t0]\n"
      "beqz %[t0], 2f\n"
      "1:\n" MOTE_RVV_TAP3("0", "v0") MOTE_RVV_TAP3("1", "v4") MOTE_RVV_TAP3("2", "v0") MOTE_RVV_TAP3("3", "v4")
      MOTE_RVV_TAP3("4", "v0") MOTE_RVV_TAP3("5", "v4") MOTE_RVV_TAP3("6", "v0") MOTE_RVV_TAP3("7", "v4")
      "addi %[x0], %[x0], 8\n"
      "addi %[x1], %[x1], 8\n"
      "addi %[x2], %[x2], 8\n"
      "bne %[x0], %[e], 1b\n"
      "2:\n"
      "andi %[t0], %[n], 7\n"
      "add %[e], %[x0], %[t0]\n"
      "beqz %[t0], 4f\n"
      "3:\n" MOTE_RVV_TAP3("0", "v0")
      "addi %[x0], %[x0], 1\n"
      "addi %[x1], %[x1], 1\n"
      "addi %[x2], %[x2], 1\n"
      "bne %[x0], %[e], 3b\n"
      "4:\n"
      : [a0] "+vr"(a0), [a1] "+vr"(a1), [a2] "+vr"(a2), [w] "+r"(w), [x0] "+r"(x0), [x1] "+r"(x1), [x2] "+r"(x2),
        [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [e] "=&r"(end)
      : [n] "r"(k->count), [step] "r"(2 * vl), [vl] "r"(vl)
      : MOTE_RVV_TAKEN);
  if (k->column + k->count < p->columns) {
    __riscv_vse32_v_i32m8(s0, a0, vl);
    __riscv_vse32_v_i32m8(s1, a1, vl);
    __riscv_vse32_v_i32m8(s2, a2, vl);
    return;
  }
  int8_t *const output = t->output + i * p->out_c + k->channel;
  int8_t *const second = output + p->out_c;
  mote_rvv_put3(r, k->channel, vl, a0, a1, a2, output, second, left > 2 ? second + p->out_c : second);
}

/* The same for one pixel. */
static inline void mote_rvv_one(const mote_packedlanes *p, const mote_rvv_rescale *r, const mote_rvv_tile *t,
                                const mote_rvv_chunk *k, const int16_t *w, int32_t *sums, int32_t i) {
  const size_t vl = k->vl;
  const int8_t *x0 = t->patch + i * t->patch_step + k->column;
  int32_t *const s0 = sums + i * p->lanes;
  vint32m8_t a0 = __riscv_vle32_v_i32m8(k->column == 0 ? r->bias + k->channel : s0, vl);
  const int8_t *end;
  int32_t t0;
  __asm__ volatile(
      "vsetvli zero, %[vl], e16, m4, ta, ma\n"
      "andi %[t0], %[n], -4\n"
      "add %[e], %[x0], %[t0]\n"
      "beqz %[t0], 2f\n"
      "1:\n" MOTE_RVV_TAP1("0", "v0") MOTE_RVV_TAP1("1", "v4") MOTE_RVV_TAP1("2", "v0") MOTE_RVV_TAP1("3", "v4")
      "addi %[x0], %[x0], 4\n"
      "bne %[x0], %[e], 1b\n"
      "2:\n"
      "andi %[t0], %[n], 3\n"
      "add %[e], %[x0], %[t0]\n"
      "beqz %[t0], 4f\n"
      "3:\n" MOTE_RVV_TAP1("0", "v0")
      "addi %[x0], %[x0], 1\n"
      "bne %[x0], %[e], 3b\n"
      "4:\n"
      : [a0] "+vr"(a0), [w] "+r"(w), [x0] "+r"(x0), [t0] "=&r"(t0), [e] "=&r"(end)
      : [n] "r"(k->count), [step] "r"(2 * vl), [vl] "r"(vl)
      : MOTE_RVV_TAKEN);
  if (k->column + k->count < p->columns) __riscv_vse32_v_i32m8(s0, a0, vl);
  else mote_rvv_put1(r, k->channel, vl, a0, t->output + i * p->out_c + k->channel);
}

typedef void (*mote_rvv_decode)(const mote_packedlanes *p, const mote_rvv_chunk *k, int16_t *w);

static inline void mote_rvv_tile_of(const mote_packedlanes *p, const mote_rvv_rescale *r, const mote_rvv_tile *t,
                                    int16_t *w, int32_t *sums, mote_rvv_decode decode) {
  for (int32_t c = 0; c < p->out_c;) {
    const int32_t channels = p->out_c - c < p->lanes ? p->out_c - c : p->lanes;
    const size_t vl = __riscv_vsetvl_e32m8((size_t)channels);
    for (int32_t column = 0; column < p->columns; column += p->chunk) {
      const int32_t left = p->columns - column;
      const mote_rvv_chunk k = {c, column, left < p->chunk ? left : p->chunk, vl};
      decode(p, &k, w);
      if (p->scales && !p->starts) mote_rvv_scale(p, &k, w);
      if (p->outlier_starts) mote_rvv_outliers(p, &k, w);
      int32_t i = 0;
      for (; i + 1 < t->count; i += 3) mote_rvv_three(p, r, t, &k, w, sums, i);
      if (i < t->count) mote_rvv_one(p, r, t, &k, w, sums, i);
    }
    c += (int32_t)vl;
  }
}

/* The window whose first tap is at (y, x), with the zero point outside the image. */
static inline void mote_rvv_gather(const mote_packedlanes *p, const int8_t *input, int32_t y, int32_t x, int8_t *to) {
  for (int32_t i = 0; i < p->kernel_h; i++) {
    const int8_t *row = input + y * p->in_w * p->in_c;
    int32_t at = x;
    for (int32_t j = 0; j < p->kernel_w; j++) {
      const int inside = (uint32_t)y < (uint32_t)p->in_h && (uint32_t)at < (uint32_t)p->in_w;
      const int8_t *from = row + at * p->in_c;
      size_t left = (size_t)p->in_c;
      while (left > 0) {
        const size_t vl = __riscv_vsetvl_e8m8(left);
        const vint8m8_t v = inside ? __riscv_vle8_v_i8m8(from, vl) : __riscv_vmv_v_x_i8m8((int8_t)p->input_zero_point, vl);
        __riscv_vse8_v_i8m8(to, v, vl);
        from += vl;
        to += vl;
        left -= vl;
      }
      at += p->dilation_w;
    }
    y += p->dilation_h;
  }
}

static inline __attribute__((always_inline)) void mote_rvv_packed(const mote_packedlanes *p, const int8_t *input,
                                                                  int8_t *output, void *scratch,
                                                                  mote_rvv_decode decode) {
  const mote_rvv_rescale r = {p->bias,       p->multiplier,        p->shift,        p->pre_shift, p->zero_shifts,
                              p->output_zero_point, p->output_min, p->output_max, p->rounding};
  int16_t *const w = scratch;
  int32_t *const sums = (int32_t *)scratch + (p->written * p->lanes + 1) / 2;
  int8_t *const patches = (int8_t *)(p->chunk < p->columns ? sums + p->tile * p->lanes : sums);
  const int32_t end_x = p->out_w * p->stride_w - p->pad_left;
  int32_t y = -p->pad_top;
  int32_t x = -p->pad_left;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= p->tile) {
    mote_rvv_tile t = {input, p->in_c, output, left < p->tile ? left : p->tile};
    if (p->direct) {
      input += p->tile * p->in_c;
    } else {
      t.patch = patches;
      t.patch_step = p->columns;
      for (int32_t i = 0; i < t.count; i++) {
        mote_rvv_gather(p, input, y, x, patches + i * p->columns);
        x += p->stride_w;
        if (x == end_x) {
          x = -p->pad_left;
          y += p->stride_h;
        }
      }
    }
    mote_rvv_tile_of(p, &r, &t, w, sums, decode);
    output += p->tile * p->out_c;
  }
}

#endif
