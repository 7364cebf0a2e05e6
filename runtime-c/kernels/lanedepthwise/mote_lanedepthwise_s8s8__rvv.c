/* SPDX-License-Identifier: Apache-2.0 */
/* Channels in lanes. Three output pixels share each widened weight vector: neighbours in a row where their windows cross
 * neither side edge, neighbours in a column elsewhere; what remains is made one by one. A tap outside the image needs no
 * copy of the image: it adds the weight vector times the zero point, a scalar. */
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

typedef struct {
  const mote_lanedepthwise_s8s8 *p;
  const mote_rvv_rescale *r;
  int32_t c; /* first channel */
  size_t vl;
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
/* What a pixel's loop over rows needs, out of the way of the assembly's memory clobbers. */
#define ROWS                                                                  \
  const mote_lanedepthwise_s8s8 *p = l->p;                                    \
  const size_t vl = l->vl;                                                    \
  const int32_t channels = p->channels;                                       \
  const int32_t zero = p->input_zero_point;                                   \
  const int32_t dilation = p->dilation_w * channels;                          \
  const int32_t whole = p->kernel_w * channels;                               \
  const int32_t left = k.begin * channels;                                    \
  const int32_t middle = k.end * channels - left;                             \
  const int32_t right = whole - middle - left;                                \
  const int32_t down = p->dilation_h;                                         \
  const int32_t row = down * p->in_w * channels;                              \
  const int32_t in_h = middle > 0 ? p->in_h : 0;                              \
  int32_t rows = p->kernel_h;                                                 \
  const int8_t *w = p->weights + l->c;                                        \
  const int8_t *from = input + (y * p->in_w + x) * channels + k.begin * dilation;
#define ZERO(a) "vwmacc.vx %[" a "], %[z], v0\n"
#define ONE [a0] "+vr"(a0)
#define THREE [a0] "+vr"(a0), [a1] "+vr"(a1), [a2] "+vr"(a2)

/* Three pixels, the first tap of the first at (y, x) of the image, the next ones `next` bytes on in the input and
 * `out_next` in the output. Taps k of a window's row lie in the image, and all three have the same rows there. */
static inline void pixels3(const lanes *l, const int8_t *input, int32_t y, int32_t x, mote_range k, int32_t next,
                           int8_t *output, int32_t out_next) {
  ROWS
  vint32m8_t a0 = __riscv_vle32_v_i32m8(p->bias + l->c, vl);
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
    y += down;
    from += row;
  } while (--rows > 0);
  mote_rvv_put3(l->r, l->c, vl, a0, a1, a2, output, output + out_next, output + 2 * out_next);
}

/* One pixel whose first tap is at (y, x) of the image. */
static inline void pixel1(const lanes *l, const int8_t *input, int32_t y, int32_t x, mote_range k, int8_t *output) {
  ROWS
  vint32m8_t a0 = __riscv_vle32_v_i32m8(p->bias + l->c, vl);
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
    y += down;
    from += row;
  } while (--rows > 0);
  mote_rvv_put1(l->r, l->c, vl, a0, output);
}

/* A strip of channels of one or three neighbouring output rows. */
typedef struct {
  const int8_t *input;
  int8_t *output; /* the first row */
  int32_t y0;     /* row of its windows' first tap */
  int32_t rows;
} band;

/* Columns from `x` to `end`, which no triple of a row covers. */
static inline void columns(const lanes *l, const band *b, int32_t x, int32_t end) {
  const mote_lanedepthwise_s8s8 *p = l->p;
  const int32_t row = p->out_w * p->channels;
  const int32_t next = p->stride_h * p->in_w * p->channels;
  int8_t *out = b->output + x * p->channels;
  for (; x < end; x++) {
    const int32_t x0 = x * p->stride_w - p->pad_left;
    const mote_range k = mote_window_range(x0, p->dilation_w, p->kernel_w, p->in_w);
    if (b->rows == 3) pixels3(l, b->input, b->y0, x0, k, next, out, row);
    else pixel1(l, b->input, b->y0, x0, k, out);
    out += p->channels;
  }
}

/* From left to right, so that outputs may lie over inputs of the same channels some rows before. */
static inline void run_band(const lanes *l, const band *b) {
  const mote_lanedepthwise_s8s8 *p = l->p;
  const mote_range whole = {0, p->kernel_w};
  const int32_t next = p->stride_w * p->channels;
  const int32_t inner_end = p->inner_begin + 3 * p->triples;
  int32_t y0 = b->y0;
  int8_t *row = b->output + p->inner_begin * p->channels;
  columns(l, b, 0, p->inner_begin);
  for (int32_t r = 0; r < b->rows; r++) {
    int32_t x0 = p->inner_begin * p->stride_w - p->pad_left;
    int8_t *out = row;
    for (int32_t i = 0; i < p->triples; i++) {
      pixels3(l, b->input, y0, x0, whole, next, out, p->channels);
      x0 += 3 * p->stride_w;
      out += 3 * p->channels;
    }
    y0 += p->stride_h;
    row += p->out_w * p->channels;
  }
  columns(l, b, inner_end, p->out_w);
}

void mote_lanedepthwise_s8s8__rvv(const mote_lanedepthwise_s8s8 *p, const int8_t *input, int8_t *output) {
  const mote_rvv_rescale r = {p->bias,       p->multiplier,        p->shift,        p->pre_shift, p->zero_shifts,
                              p->output_zero_point, p->output_min, p->output_max, p->rounding};
  lanes l = {p, &r, 0, 0};
  for (; l.c < p->channels; l.c += (int32_t)l.vl) {
    band b = {input + l.c, output + l.c, -p->pad_top, 1};
    l.vl = __riscv_vsetvl_e32m8((size_t)(p->channels - l.c));
    for (int32_t y = 0; y < p->out_h; y += b.rows) {
      b.rows = y >= p->inner_top && y + 3 <= p->inner_bottom ? 3 : 1;
      run_band(&l, &b);
      b.output += b.rows * p->out_w * p->channels;
      b.y0 += b.rows * p->stride_h;
    }
  }
}
