/* SPDX-License-Identifier: Apache-2.0 */
/* Output channels in lanes, three pixels at a time: per tap one widened weight vector and one multiply-accumulate per
 * pixel. Three accumulators of e32 m8 and the weights fill the register file, so the loop is assembly. */
#include "mote/laneconv.h"
#include "mote/rvv_rescale.h"

#define WEIGHTS                              \
  "vlseg2e8.v v4, (%[w])\n"                  \
  "add %[w], %[w], %[step]\n"                \
  "vsext.vf2 v0, v4\n"
/* v4..v7 from v6, v7: an overlap in the highest part is allowed. */
#define SECOND "vsext.vf2 v4, v6\n"
#define TAP3(at, v)                          \
  "lb %[t0], " at "(%[x0])\n"                \
  "lb %[t1], " at "(%[x1])\n"                \
  "lb %[t2], " at "(%[x2])\n"                \
  "vwmacc.vx %[a0], %[t0], " v "\n"          \
  "vwmacc.vx %[a1], %[t1], " v "\n"          \
  "vwmacc.vx %[a2], %[t2], " v "\n"
#define PAIR3(at, next) WEIGHTS TAP3(at, "v0") SECOND TAP3(next, "v4")
#define TAP1(at, v)                          \
  "lb %[t0], " at "(%[x0])\n"                \
  "vwmacc.vx %[a0], %[t0], " v "\n"
#define PAIR1(at, next) WEIGHTS TAP1(at, "v0") SECOND TAP1(next, "v4")
#define VECTORS "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "vl", "vtype", "memory"

/* Where a block of pixels reads, and how far apart its runs are. */
typedef struct {
  const int8_t *x[3];
  int32_t stride;
} block;

/* First tap of a window, and whether the whole window lies in the image. */
typedef struct {
  int32_t y, x;
  int inside;
} position;

/* Channels c .. c + vl of three pixels; of two, where x[2] is x[1]. */
static inline void strip3(const mote_laneconv_s8s8 *p, const mote_rvv_rescale *r, const block *at, int32_t c, size_t vl,
                   int8_t *output, int32_t count) {
  const int8_t *w = p->weights + 2 * c;
  const size_t step = (size_t)p->out_c * 2u;
  vint32m8_t a0 = __riscv_vle32_v_i32m8(r->bias + c, vl);
  vint32m8_t a1 = __riscv_vmv_v_v_i32m8(a0, vl);
  vint32m8_t a2 = __riscv_vmv_v_v_i32m8(a0, vl);
  int32_t offset = 0;
  for (int32_t s = 0; s < p->segments; s++) {
    const int8_t *x0 = at->x[0] + offset;
    const int8_t *x1 = at->x[1] + offset;
    const int8_t *x2 = at->x[2] + offset;
    const int8_t *end;
    int32_t t0, t1, t2;
    offset += at->stride;
    __asm__ volatile(
        "vsetvli zero, %[vl], e16, m4, ta, ma\n"
        "andi %[t0], %[n], -8\n"
        "beqz %[t0], 2f\n"
        "add %[e], %[x0], %[t0]\n"
        "1:\n" PAIR3("0", "1") PAIR3("2", "3") PAIR3("4", "5") PAIR3("6", "7")
        "addi %[x0], %[x0], 8\n"
        "addi %[x1], %[x1], 8\n"
        "addi %[x2], %[x2], 8\n"
        "bne %[x0], %[e], 1b\n"
        "2:\n"
        "andi %[t0], %[n], 6\n"
        "beqz %[t0], 4f\n"
        "add %[e], %[x0], %[t0]\n"
        "3:\n" PAIR3("0", "1")
        "addi %[x0], %[x0], 2\n"
        "addi %[x1], %[x1], 2\n"
        "addi %[x2], %[x2], 2\n"
        "bne %[x0], %[e], 3b\n"
        "4:\n"
        "andi %[t0], %[n], 1\n"
        "beqz %[t0], 5f\n" WEIGHTS TAP3("0", "v0")
        "5:\n"
        : [a0] "+vr"(a0), [a1] "+vr"(a1), [a2] "+vr"(a2), [w] "+r"(w), [x0] "+r"(x0), [x1] "+r"(x1), [x2] "+r"(x2),
          [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [e] "=&r"(end)
        : [n] "r"(p->segment), [step] "r"(step), [vl] "r"(vl)
        : VECTORS);
  }
  output += c;
  int8_t *const second = output + p->out_c;
  mote_rvv_put3(r, c, vl, a0, a1, a2, output, second, count > 2 ? second + p->out_c : second);
}

/* Channels c .. c + vl of one pixel. */
static inline void strip1(const mote_laneconv_s8s8 *p, const mote_rvv_rescale *r, const block *at, int32_t c, size_t vl,
                          int8_t *output) {
  const int8_t *w = p->weights + 2 * c;
  const size_t step = (size_t)p->out_c * 2u;
  vint32m8_t a0 = __riscv_vle32_v_i32m8(r->bias + c, vl);
  int32_t offset = 0;
  for (int32_t s = 0; s < p->segments; s++) {
    const int8_t *x0 = at->x[0] + offset;
    const int8_t *end;
    int32_t t0;
    offset += at->stride;
    __asm__ volatile(
        "vsetvli zero, %[vl], e16, m4, ta, ma\n"
        "andi %[t0], %[n], -4\n"
        "beqz %[t0], 2f\n"
        "add %[e], %[x0], %[t0]\n"
        "1:\n" PAIR1("0", "1") PAIR1("2", "3")
        "addi %[x0], %[x0], 4\n"
        "bne %[x0], %[e], 1b\n"
        "2:\n"
        "andi %[t0], %[n], 2\n"
        "beqz %[t0], 4f\n" PAIR1("0", "1")
        "addi %[x0], %[x0], 2\n"
        "4:\n"
        "andi %[t0], %[n], 1\n"
        "beqz %[t0], 5f\n" WEIGHTS TAP1("0", "v0")
        "5:\n"
        : [a0] "+vr"(a0), [w] "+r"(w), [x0] "+r"(x0), [t0] "=&r"(t0), [e] "=&r"(end)
        : [n] "r"(p->segment), [step] "r"(step), [vl] "r"(vl)
        : VECTORS);
  }
  mote_rvv_put1(r, c, vl, a0, output + c);
}

/* The window whose first tap is at (y, x) as one run, with the zero point outside the image. */
static void gather(const mote_laneconv_s8s8 *p, const int8_t *input, int32_t y, int32_t x, int8_t *to) {
  const size_t in_c = (size_t)p->in_c;
  for (int32_t i = 0; i < p->kernel_h; i++) {
    const int8_t *row = input + y * p->in_w * p->in_c;
    int32_t at = x;
    for (int32_t j = 0; j < p->kernel_w; j++) {
      const int inside = (uint32_t)y < (uint32_t)p->in_h && (uint32_t)at < (uint32_t)p->in_w;
      const int8_t *from = row + at * p->in_c;
      size_t left = in_c;
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

/* The same by the packer's table, for windows of few bytes: rows and columns compare as unsigned, so that those before
 * the image are beyond it. */
static void gather_by_table(const mote_laneconv_s8s8 *p, const int8_t *input, int32_t y, int32_t x, int inside,
                            int8_t *to) {
  const int8_t *first = input + (y * p->in_w + x) * p->in_c;
  const size_t count = (size_t)p->segment;
  size_t vl;
  for (size_t i = 0; i < count; i += vl) {
    vl = __riscv_vsetvl_e16m8(count - i);
    const vuint16m8_t offset = __riscv_vle16_v_u16m8((const uint16_t *)p->tap_offset + i, vl);
    if (inside) {
      __riscv_vse8_v_i8m4(to + i, __riscv_vluxei16_v_i8m4(first, offset, vl), vl);
      continue;
    }
    const vuint16m8_t ys = __riscv_vle16_v_u16m8((const uint16_t *)p->tap_y + i, vl);
    const vbool2_t rows = __riscv_vmsltu_vx_u16m8_b2(__riscv_vadd_vx_u16m8(ys, (uint16_t)y, vl), (uint16_t)p->in_h, vl);
    const vuint16m8_t xs = __riscv_vle16_v_u16m8((const uint16_t *)p->tap_x + i, vl);
    const vbool2_t columns = __riscv_vmsltu_vx_u16m8_b2(__riscv_vadd_vx_u16m8(xs, (uint16_t)x, vl), (uint16_t)p->in_w, vl);
    const vbool2_t mask = __riscv_vmand_mm_b2(rows, columns, vl);
    const vint8m4_t zero = __riscv_vmv_v_x_i8m4((int8_t)p->input_zero_point, vl);
    __riscv_vse8_v_i8m4(to + i, __riscv_vluxei16_v_i8m4_mu(mask, zero, first, offset, vl), vl);
  }
}

void mote_laneconv_s8s8__rvv(const mote_laneconv_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  const mote_rvv_rescale r = {p->bias,       p->multiplier,        p->shift,        p->pre_shift, p->zero_shifts,
                              p->output_zero_point, p->output_min, p->output_max, p->rounding};
  const int32_t last_y = p->in_h - (p->kernel_h - 1) * p->dilation_h;
  const int32_t last_x = p->in_w - (p->kernel_w - 1) * p->dilation_w;
  const int32_t window = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t end_x = p->out_w * p->stride_w - p->pad_left;
  int32_t left = p->out_h * p->out_w;
  int32_t y = -p->pad_top;
  int32_t x = -p->pad_left;
  while (left > 0) {
    const int32_t count = left < 3 ? left : 3;
    block at = {{input, input + p->in_c, input + 2 * p->in_c}, p->segment_stride};
    if (p->direct == 2) {
      input += 3 * p->in_c;
    } else {
      position places[3];
      int direct = p->direct;
      for (int32_t i = 0; i < count; i++) {
        const int inside = y >= 0 && x >= 0 && y < last_y && x < last_x;
        const position here = {y, x, inside};
        places[i] = here;
        at.x[i] = input + (y * p->in_w + x) * p->in_c;
        direct &= inside;
        x += p->stride_w;
        if (x == end_x) {
          x = -p->pad_left;
          y += p->stride_h;
        }
      }
      if (!direct) {
        at.stride = p->segment;
        for (int32_t i = 0; i < count; i++) {
          int8_t *to = (int8_t *)scratch + i * window;
          if (p->tap_offset) gather_by_table(p, input, places[i].y, places[i].x, places[i].inside, to);
          else gather(p, input, places[i].y, places[i].x, to);
          at.x[i] = to;
        }
      }
    }
    if (count == 2) at.x[2] = at.x[1];
    for (int32_t c = 0; c < p->out_c;) {
      const size_t vl = __riscv_vsetvl_e32m8((size_t)(p->out_c - c));
      if (count == 1) strip1(p, &r, &at, c, vl, output);
      else strip3(p, &r, &at, c, vl, output, count);
      c += (int32_t)vl;
    }
    output += count * p->out_c;
    left -= count;
  }
}
