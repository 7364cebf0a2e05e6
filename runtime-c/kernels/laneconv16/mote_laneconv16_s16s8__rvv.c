/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8: output channels in lanes, three pixels at a time: per tap one widened weight vector and one
 * multiply-accumulate per pixel, as in laneconv. Sums that may not fit 32 bits are made one pixel at a time. */
#include "mote/laneconv16.h"
#include "mote/rvv_rescale16.h"
#include "mote/window.h"

#define WEIGHTS               \
  "vlseg2e8.v v4, (%[w])\n"   \
  "add %[w], %[w], %[step]\n" \
  "vsext.vf2 v0, v4\n"
/* v4..v7 from v6, v7: an overlap in the highest part is allowed. */
#define SECOND "vsext.vf2 v4, v6\n"
#define TAP3(at, v)                   \
  "lh %[t0], " at "(%[x0])\n"         \
  "lh %[t1], " at "(%[x1])\n"         \
  "lh %[t2], " at "(%[x2])\n"         \
  "vwmacc.vx %[a0], %[t0], " v "\n"   \
  "vwmacc.vx %[a1], %[t1], " v "\n"   \
  "vwmacc.vx %[a2], %[t2], " v "\n"
#define PAIR3(at, next) WEIGHTS TAP3(at, "v0") SECOND TAP3(next, "v4")
#define TAP1(at, v)           \
  "lh %[t0], " at "(%[x0])\n" \
  "vwmacc.vx %[a0], %[t0], " v "\n"
#define PAIR1(at, next) WEIGHTS TAP1(at, "v0") SECOND TAP1(next, "v4")
#define VECTORS "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "vl", "vtype", "memory"

/* Taps that surely sum in 32 bits: 256 * 2^7 * 2^15 = 2^30. Even: weights come in pairs. */
#define SURE_TAPS 256

/* Where a block of pixels reads, and how far apart its runs are. */
typedef struct {
  const int16_t *x[3];
  int32_t stride;
} block;

typedef struct {
  const mote_laneconv16_s16s8 *p;
  mote_rvv_rescale rescale;
  const int8_t *weights; /* of the group */
  int32_t group;         /* its first output channel */
} work;

/* Channels c .. c + vl of the group for three pixels; of two, where x[2] is x[1]. */
static inline void strip3(const work *k, const block *at, int32_t c, size_t vl, int16_t *output, int32_t count) {
  const mote_laneconv16_s16s8 *p = k->p;
  const int8_t *w = k->weights + 2 * c;
  const size_t step = (size_t)p->group_out * 2u;
  const size_t bytes = (size_t)p->segment * 2u;
  vint32m8_t a0 = __riscv_vle32_v_i32m8(p->bias + k->group + c, vl);
  vint32m8_t a1 = __riscv_vmv_v_v_i32m8(a0, vl);
  vint32m8_t a2 = __riscv_vmv_v_v_i32m8(a0, vl);
  int32_t offset = 0;
  for (int32_t s = 0; s < p->segments; s++) {
    const int16_t *x0 = at->x[0] + offset;
    const int16_t *x1 = at->x[1] + offset;
    const int16_t *x2 = at->x[2] + offset;
    const int16_t *end;
    int32_t t0, t1, t2;
    offset += at->stride;
    __asm__ volatile(
        "vsetvli zero, %[vl], e16, m4, ta, ma\n"
        "andi %[t0], %[n], -8\n"
        "beqz %[t0], 2f\n"
        "add %[e], %[x0], %[t0]\n"
        "1:\n" PAIR3("0", "2") PAIR3("4", "6")
        "addi %[x0], %[x0], 8\n"
        "addi %[x1], %[x1], 8\n"
        "addi %[x2], %[x2], 8\n"
        "bne %[x0], %[e], 1b\n"
        "2:\n"
        "andi %[t0], %[n], 4\n"
        "beqz %[t0], 4f\n" PAIR3("0", "2")
        "addi %[x0], %[x0], 4\n"
        "addi %[x1], %[x1], 4\n"
        "addi %[x2], %[x2], 4\n"
        "4:\n"
        "andi %[t0], %[n], 2\n"
        "beqz %[t0], 5f\n" WEIGHTS TAP3("0", "v0")
        "5:\n"
        : [a0] "+vr"(a0), [a1] "+vr"(a1), [a2] "+vr"(a2), [w] "+r"(w), [x0] "+r"(x0), [x1] "+r"(x1), [x2] "+r"(x2),
          [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [e] "=&r"(end)
        : [n] "r"(bytes), [step] "r"(step), [vl] "r"(vl)
        : VECTORS);
  }
  output += c;
  int16_t *const second = output + p->out_c;
  mote_rvv16_put3(&k->rescale, k->group + c, vl, a0, a1, a2, output, second, count > 2 ? second + p->out_c : second);
}

/* The same for one pixel. */
static inline void strip1(const work *k, const block *at, int32_t c, size_t vl, int16_t *output) {
  const mote_laneconv16_s16s8 *p = k->p;
  const int8_t *w = k->weights + 2 * c;
  const size_t step = (size_t)p->group_out * 2u;
  const size_t bytes = (size_t)p->segment * 2u;
  vint32m8_t a0 = __riscv_vle32_v_i32m8(p->bias + k->group + c, vl);
  int32_t offset = 0;
  for (int32_t s = 0; s < p->segments; s++) {
    const int16_t *x0 = at->x[0] + offset;
    const int16_t *end;
    int32_t t0;
    offset += at->stride;
    __asm__ volatile(
        "vsetvli zero, %[vl], e16, m4, ta, ma\n"
        "andi %[t0], %[n], -8\n"
        "beqz %[t0], 2f\n"
        "add %[e], %[x0], %[t0]\n"
        "1:\n" PAIR1("0", "2") PAIR1("4", "6")
        "addi %[x0], %[x0], 8\n"
        "bne %[x0], %[e], 1b\n"
        "2:\n"
        "andi %[t0], %[n], 4\n"
        "beqz %[t0], 4f\n" PAIR1("0", "2")
        "addi %[x0], %[x0], 4\n"
        "4:\n"
        "andi %[t0], %[n], 2\n"
        "beqz %[t0], 5f\n" WEIGHTS TAP1("0", "v0")
        "5:\n"
        : [a0] "+vr"(a0), [w] "+r"(w), [x0] "+r"(x0), [t0] "=&r"(t0), [e] "=&r"(end)
        : [n] "r"(bytes), [step] "r"(step), [vl] "r"(vl)
        : VECTORS);
  }
  mote_rvv16_put1(&k->rescale, k->group + c, vl, a0, output + c);
}

/* `taps` products from x on, added to acc; w is the pair of weights of the first. */
static inline vint32m4_t some(vint32m4_t acc, const int16_t *x, int32_t taps, const int8_t *w, size_t step, size_t vl) {
  for (; taps > 1; taps -= 2) {
    const vint8m1x2_t pair = __riscv_vlseg2e8_v_i8m1x2(w, vl);
    acc = __riscv_vwmacc_vx_i32m4(acc, x[0], __riscv_vsext_vf2_i16m2(__riscv_vget_v_i8m1x2_i8m1(pair, 0), vl), vl);
    acc = __riscv_vwmacc_vx_i32m4(acc, x[1], __riscv_vsext_vf2_i16m2(__riscv_vget_v_i8m1x2_i8m1(pair, 1), vl), vl);
    x += 2;
    w += step;
  }
  if (taps == 0) return acc;
  return __riscv_vwmacc_vx_i32m4(acc, x[0], __riscv_vsext_vf2_i16m2(__riscv_vlse8_v_i8m1(w, 2, vl), vl), vl);
}

/* Channels c .. c + vl of the group for one pixel, in wide sums. */
static void wide(const work *k, const int16_t *x, int32_t stride, int32_t c, size_t vl, int16_t *output) {
  const mote_laneconv16_s16s8 *p = k->p;
  const int32_t at = k->group + c;
  const size_t step = (size_t)p->group_out * 2u;
  const int8_t *w = k->weights + 2 * c;
  vint32m4_t high = __riscv_vle32_v_i32m4(p->high_bias + at, vl);
  vint32m4_t low = __riscv_vle32_v_i32m4(p->bias + at, vl);
  for (int32_t s = 0; s < p->segments; s++) {
    for (int32_t i = 0; i < p->segment; i += SURE_TAPS) {
      const int32_t left = p->segment - i;
      const int32_t taps = left < SURE_TAPS ? left : SURE_TAPS;
      const vint32m4_t acc = some(__riscv_vmv_v_x_i32m4(0, vl), x + i, taps, w, step, vl);
      high = mote_rvv_wide_high(high, acc, vl);
      low = mote_rvv_wide_low(low, acc, vl);
      w += (size_t)((taps + 1) >> 1) * step;
    }
    x += stride;
  }
  const vint16m2_t y =
      mote_rvv_wide_requantize(high, low, p->multiplier + at, p->shift + at, p->output_min, p->output_max, vl);
  __riscv_vse16_v_i16m2(output + c, y, vl);
}

static void copy(int16_t *to, const int16_t *from, size_t count) {
  while (count > 0) {
    const size_t vl = __riscv_vsetvl_e16m8(count);
    __riscv_vse16_v_i16m8(to, __riscv_vle16_v_i16m8(from, vl), vl);
    to += vl;
    from += vl;
    count -= vl;
  }
}

static void clear(int16_t *to, size_t count) {
  while (count > 0) {
    const size_t vl = __riscv_vsetvl_e16m8(count);
    __riscv_vse16_v_i16m8(to, __riscv_vmv_v_x_i16m8(0, vl), vl);
    to += vl;
    count -= vl;
  }
}

/* The taps of the window whose first tap is at (y0, x0), `first` being the group's first input channel, as one run. */
static void gather(const mote_laneconv16_s16s8 *p, const int16_t *input, int32_t y0, int32_t x0, int32_t first,
                   int16_t *to) {
  const int32_t depth = p->group_depth;
  const mote_range ky = mote_window_range(y0, p->dilation_h, p->kernel_h, p->in_h);
  const mote_range kx = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
  const int joined = p->dilation_w == 1 && depth == p->in_c;
  const int32_t taps = kx.end - kx.begin;
  const int32_t runs = joined ? 1 : taps;
  const int32_t length = joined ? taps * depth : depth;
  const int32_t step = p->dilation_w * p->in_c;
  if (ky.end - ky.begin < p->kernel_h || taps < p->kernel_w) clear(to, (size_t)(p->segments * p->segment));
  for (int32_t i = ky.begin; i < ky.end; i++) {
    const int16_t *x = input + ((y0 + i * p->dilation_h) * p->in_w + x0 + kx.begin * p->dilation_w) * p->in_c + first;
    int16_t *out = to + (i * p->kernel_w + kx.begin) * depth;
    for (int32_t j = 0; j < runs; j++) {
      copy(out, x, (size_t)length);
      out += length;
      x += step;
    }
  }
}

/* All channels of the group for `count` pixels. */
static void channels(const work *k, const block *at, int16_t *output, int32_t count) {
  const mote_laneconv16_s16s8 *p = k->p;
  size_t vl;
  for (int32_t c = 0; c < p->group_out; c += (int32_t)vl) {
    const size_t left = (size_t)(p->group_out - c);
    if (p->wide) {
      vl = __riscv_vsetvl_e32m4(left);
      for (int32_t i = 0; i < count; i++) wide(k, at->x[i], at->stride, c, vl, output + i * p->out_c);
      continue;
    }
    vl = __riscv_vsetvl_e32m8(left);
    if (count == 1) strip1(k, at, c, vl, output);
    else strip3(k, at, c, vl, output, count);
  }
}

void mote_laneconv16_s16s8__rvv(const mote_laneconv16_s16s8 *p, const int16_t *input, int16_t *output, void *scratch) {
  work k = {p, {p->bias, p->multiplier, p->shift, p->pre_shift, p->zero_shifts, 0, p->output_min, p->output_max,
                p->rounding}, p->weights, 0};
  const int32_t last_y = p->in_h - (p->kernel_h - 1) * p->dilation_h;
  const int32_t last_x = p->in_w - (p->kernel_w - 1) * p->dilation_w;
  const int32_t window = p->segments * p->segment;
  const int32_t group_bytes = p->segments * ((p->segment + 1) >> 1) * 2 * p->group_out;
  const int32_t end_x = p->out_w * p->stride_w - p->pad_left;
  int32_t left = p->out_h * p->out_w;
  int32_t y = -p->pad_top;
  int32_t x = -p->pad_left;
  while (left > 0) {
    const int32_t count = left < 3 ? left : 3;
    int32_t ys[3];
    int32_t xs[3];
    int direct = p->direct;
    for (int32_t i = 0; i < count; i++) {
      ys[i] = y;
      xs[i] = x;
      direct &= y >= 0 && x >= 0 && y < last_y && x < last_x;
      x += p->stride_w;
      if (x == end_x) {
        x = -p->pad_left;
        y += p->stride_h;
      }
    }
    k.weights = p->weights;
    k.group = 0;
    for (int32_t first = 0; first < p->in_c; first += p->group_depth) {
      block at = {{0, 0, 0}, direct ? p->segment_stride : p->segment};
      for (int32_t i = 0; i < count; i++) {
        int16_t *const to = (int16_t *)scratch + i * window;
        at.x[i] = direct ? input + (ys[i] * p->in_w + xs[i]) * p->in_c + first : to;
        if (!direct) gather(p, input, ys[i], xs[i], first, to);
      }
      if (count == 2) at.x[2] = at.x[1];
      channels(&k, &at, output + k.group, count);
      k.weights += group_bytes;
      k.group += p->group_out;
    }
    output += count * p->out_c;
    left -= count;
  }
}
