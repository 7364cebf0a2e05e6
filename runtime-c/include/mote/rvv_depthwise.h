/* SPDX-License-Identifier: Apache-2.0 */
/* Channels in lanes. Three output pixels share each widened weight vector: neighbours in a row where their windows cross
 * neither side edge, neighbours in a column elsewhere; what remains is made one by one. A tap outside the image needs no
 * copy of the image: it adds the weight vector times the zero point, a scalar. */
#ifndef MOTE_RVV_DEPTHWISE_H
#define MOTE_RVV_DEPTHWISE_H

#include "mote/lanedepthwise.h"
#include "mote/rvv_rescale.h"
#include "mote/window.h"

#define WEIGHT                \
  "vle8.v v2, (%[w])\n"       \
  "add %[w], %[w], %[c]\n"    \
  "vsext.vf2 v0, v2\n"
/* v4..v7 from v6, v7: an overlap in the highest part is allowed. */
#define PIXEL(x, a)                \
  "vle8.v v6, (%[" x "])\n"        \
  "add %[" x "], %[" x "], %[d]\n" \
  "vsext.vf2 v4, v6\n"             \
  "vwmacc.vv %[" a "], v4, v0\n"
#define BEGIN "vsetvli zero, %[vl], e16, m4, ta, ma\n1:\n"
#define AGAIN "bne %[w], %[e], 1b\n"
#define VECTORS "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "vl", "vtype", "memory"

/* A strip of channels; copies of what the pixels need, which the assembly's memory clobbers leave alone. */
typedef struct {
  const mote_lanedepthwise_s8s8 *p;
  const mote_rvv_rescale *r;
  int32_t c; /* first channel */
  size_t vl;
  const int8_t *weights;
  const int32_t *bias;
  int32_t channels, zero, in_h, in_row, dilation, whole, kernel_h, down, down_bytes;
} lanes;

/* So many bytes of weights, all channels counted, times the zero point. */
#define OUTSIDE(bytes, macs, ...)                                                         \
  if ((bytes) > 0) {                                                                      \
    const int8_t *end = w + (bytes);                                                      \
    __asm__ volatile(BEGIN WEIGHT macs AGAIN                                              \
                     : __VA_ARGS__, [w] "+r"(w)                                           \
                     : [c] "r"(channels), [z] "r"(zero), [e] "r"(end), [vl] "r"(vl)       \
                     : VECTORS);                                                          \
  }
/* What of a window lies in the image, from left to right: bytes of a filter's row before it and of it, and where it begins
 * in the image's row. */
typedef struct {
  int32_t left, middle, from;
} span;

/* What a pixel's loop over rows needs; `input` is row y of the image, which need not be there. */
#define ROWS                                                                  \
  const size_t vl = l->vl;                                                    \
  const int32_t channels = l->channels;                                       \
  const int32_t zero = l->zero;                                               \
  const int32_t dilation = l->dilation;                                       \
  const int32_t whole = l->whole;                                             \
  const int32_t left = k.left;                                                \
  const int32_t middle = k.middle;                                            \
  const int32_t right = whole - middle - left;                                \
  const int32_t in_h = middle > 0 ? l->in_h : 0;                              \
  int32_t rows = l->kernel_h;                                                 \
  const int8_t *w = l->weights;                                               \
  const int8_t *from = input + k.from;
#define ZERO(a) "vwmacc.vx %[" a "], %[z], v0\n"
#define ONE [a0] "+vr"(a0)
#define THREE [a0] "+vr"(a0), [a1] "+vr"(a1), [a2] "+vr"(a2)

/* Three pixels, the first tap of the first in row y of the image, the next ones `next` bytes on in the input and
 * `out_next` in the output. All three have the same rows in the image. */
static inline void pixels3(const lanes *l, const int8_t *input, int32_t y, span k, int32_t next, int8_t *output,
                           int32_t out_next) {
  ROWS
  vint32m8_t a0 = __riscv_vle32_v_i32m8(l->bias, vl);
  vint32m8_t a1 = __riscv_vmv_v_v_i32m8(a0, vl);
  vint32m8_t a2 = __riscv_vmv_v_v_i32m8(a0, vl);
  do {
    const int inside = (uint32_t)y < (uint32_t)in_h;
    const int32_t before = inside ? left : whole;
    OUTSIDE(before, ZERO("a0") ZERO("a1") ZERO("a2"), THREE)
    if (inside) {
      const int8_t *x0 = from;
      const int8_t *x1 = x0 + next;
      const int8_t *x2 = x1 + next;
      const int8_t *end = w + middle;
      __asm__ volatile(BEGIN WEIGHT PIXEL("x0", "a0") PIXEL("x1", "a1") PIXEL("x2", "a2") AGAIN
                       : THREE, [w] "+r"(w), [x0] "+r"(x0), [x1] "+r"(x1), [x2] "+r"(x2)
                       : [c] "r"(channels), [d] "r"(dilation), [e] "r"(end), [vl] "r"(vl)
                       : VECTORS);
      OUTSIDE(right, ZERO("a0") ZERO("a1") ZERO("a2"), THREE)
    }
    y += l->down;
    from += l->down_bytes;
  } while (--rows > 0);
  mote_rvv_put3(l->r, l->c, vl, a0, a1, a2, output, output + out_next, output + 2 * out_next);
}

/* One pixel whose first tap is in row y of the image. */
static inline void pixel1(const lanes *l, const int8_t *input, int32_t y, span k, int8_t *output) {
  ROWS
  vint32m8_t a0 = __riscv_vle32_v_i32m8(l->bias, vl);
  do {
    const int inside = (uint32_t)y < (uint32_t)in_h;
    const int32_t before = inside ? left : whole;
    OUTSIDE(before, ZERO("a0"), ONE)
    if (inside) {
      const int8_t *x0 = from;
      const int8_t *end = w + middle;
      __asm__ volatile(BEGIN WEIGHT PIXEL("x0", "a0") AGAIN
                       : ONE, [w] "+r"(w), [x0] "+r"(x0)
                       : [c] "r"(channels), [d] "r"(dilation), [e] "r"(end), [vl] "r"(vl)
                       : VECTORS);
      OUTSIDE(right, ZERO("a0"), ONE)
    }
    y += l->down;
    from += l->down_bytes;
  } while (--rows > 0);
  mote_rvv_put1(l->r, l->c, vl, a0, output);
}

/* A strip of channels of one or three neighbouring output rows. */
typedef struct {
  const int8_t *input; /* row y0 of the image */
  int8_t *output;
  int32_t y0; /* row of the windows' first tap */
  int32_t rows;
  int32_t out_row; /* bytes */
} band;

/* The rows' triples, the first one's first tap at byte `from` of a row. */
static inline void triples(const lanes *l, const band *b, int32_t from, int8_t *row) {
  const mote_lanedepthwise_s8s8 *p = l->p;
  const int32_t next = p->stride_w * l->channels;
  const int32_t down = p->stride_h * l->in_row;
  const int8_t *input = b->input;
  int32_t y = b->y0;
  for (int32_t r = b->rows; r > 0; r--) {
    span k = {0, l->whole, from};
    int8_t *out = row;
    for (int32_t i = p->triples; i > 0; i--) {
      pixels3(l, input, y, k, next, out, l->channels);
      k.from += 3 * next;
      out += 3 * l->channels;
    }
    y += p->stride_h;
    input += down;
    row += b->out_row;
  }
}

/* From left to right, so that outputs may lie over inputs of the same channels some rows before. */
static inline void run_band(const lanes *l, const band *b, const span *spans) {
  const mote_lanedepthwise_s8s8 *p = l->p;
  int32_t before = p->triples > 0 ? p->inner_begin : -1; /* columns left of the triples */
  int8_t *out = b->output;
  int8_t *const end = out + b->out_row;
  while (out != end) {
    if (before-- == 0) {
      triples(l, b, (p->inner_begin * p->stride_w - p->pad_left) * l->channels, out);
      out += 3 * p->triples * l->channels;
      continue;
    }
    if (b->rows == 3) pixels3(l, b->input, b->y0, *spans, p->stride_h * l->in_row, out, b->out_row);
    else pixel1(l, b->input, b->y0, *spans, out);
    spans++;
    out += l->channels;
  }
}

/* Of the columns that no triple covers. */
static void find_spans(const mote_lanedepthwise_s8s8 *p, span *spans) {
  int32_t x0 = -p->pad_left;
  for (int32_t x = 0; x < p->out_w; x++) {
    if (x < p->inner_begin || x >= p->inner_begin + 3 * p->triples) {
      const mote_range k = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
      spans->left = k.begin * p->channels;
      spans->middle = (k.end - k.begin) * p->channels;
      spans->from = (x0 + k.begin * p->dilation_w) * p->channels;
      spans++;
    }
    x0 += p->stride_w;
  }
}

static inline void mote_rvv_depthwise(const mote_lanedepthwise_s8s8 *p, const int8_t *input, int8_t *output,
                                  void *scratch) {
  const mote_rvv_rescale r = {p->bias,       p->multiplier,        p->shift,        p->pre_shift, p->zero_shifts,
                              p->output_zero_point, p->output_min, p->output_max, p->rounding};
  const int32_t dilation = p->dilation_w * p->channels;
  const int32_t in_row = p->in_w * p->channels;
  lanes l = {p, &r, 0, 0, p->weights, p->bias, p->channels, p->input_zero_point, p->in_h, in_row, dilation,
             p->kernel_w * p->channels, p->kernel_h, p->dilation_h, p->dilation_h * in_row};
  find_spans(p, scratch);
  for (; l.c < p->channels; l.c += (int32_t)l.vl) {
    l.vl = __riscv_vsetvl_e32m8((size_t)(p->channels - l.c));
    l.weights = p->weights + l.c;
    l.bias = p->bias + l.c;
    band b = {input + l.c - p->pad_top * in_row, output + l.c, -p->pad_top, 1, p->out_w * p->channels};
    for (int32_t y = 0; y < p->out_h; y += b.rows) {
      b.rows = y >= p->inner_top && y + 3 <= p->inner_bottom ? 3 : 1;
      run_band(&l, &b, scratch);
      b.output += b.rows * b.out_row;
      b.y0 += b.rows * p->stride_h;
      b.input += b.rows * p->stride_h * in_row;
    }
  }
}

#endif
