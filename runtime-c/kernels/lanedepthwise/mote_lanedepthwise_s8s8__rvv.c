/* SPDX-License-Identifier: Apache-2.0 */
/* Channels in lanes. Inside the left and right edge, three neighbouring output pixels share each widened weight vector;
 * at the edges pixels are made one by one. A tap outside the image needs no copy of the image: it adds the weight vector
 * times the zero point, a scalar. */
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

/* Three pixels whose first tap is at input row y; `x` is their first column's pixel in row 0. */
static inline void pixels3(const lanes *l, const int8_t *x, int32_t y, int8_t *output) {
  const mote_lanedepthwise_s8s8 *p = l->p;
  const mote_rvv_rescale *r = l->r;
  const size_t vl = l->vl;
  const int32_t c = l->c;
  const int32_t next = p->stride_w * p->channels;
  const int32_t dilation = p->dilation_w * p->channels;
  const int32_t row = p->in_w * p->channels;
  const int8_t *w = p->weights + c;
  vint32m8_t a0 = __riscv_vle32_v_i32m8(r->bias + c, vl);
  vint32m8_t a1 = __riscv_vmv_v_v_i32m8(a0, vl);
  vint32m8_t a2 = __riscv_vmv_v_v_i32m8(a0, vl);
  for (int32_t i = 0; i < p->kernel_h; i++) {
    const int8_t *end = w + p->kernel_w * p->channels;
    if ((uint32_t)y < (uint32_t)p->in_h) {
      const int8_t *x0 = x + y * row;
      const int8_t *x1 = x0 + next;
      const int8_t *x2 = x1 + next;
      __asm__ volatile(BEGIN WEIGHT PIXEL("x0", "a0") PIXEL("x1", "a1") PIXEL("x2", "a2") AGAIN
                       : [a0] "+vr"(a0), [a1] "+vr"(a1), [a2] "+vr"(a2), [w] "+r"(w), [x0] "+r"(x0), [x1] "+r"(x1),
                         [x2] "+r"(x2)
                       : [c] "r"(p->channels), [d] "r"(dilation), [e] "r"(end), [vl] "r"(vl)
                       : VECTORS);
    } else {
      __asm__ volatile(BEGIN WEIGHT
                       "vwmacc.vx %[a0], %[z], v0\n"
                       "vwmacc.vx %[a1], %[z], v0\n"
                       "vwmacc.vx %[a2], %[z], v0\n" AGAIN
                       : [a0] "+vr"(a0), [a1] "+vr"(a1), [a2] "+vr"(a2), [w] "+r"(w)
                       : [c] "r"(p->channels), [z] "r"(p->input_zero_point), [e] "r"(end), [vl] "r"(vl)
                       : VECTORS);
    }
    y += p->dilation_h;
  }
  {
    const vint32m8_t m = __riscv_vle32_v_i32m8(r->multiplier + c, vl);
    a0 = mote_rvv_scale(a0, m, r->pre_shift, r->rounding, vl);
    a1 = mote_rvv_scale(a1, m, r->pre_shift, r->rounding, vl);
    a2 = mote_rvv_scale(a2, m, r->pre_shift, r->rounding, vl);
  }
  const vint16m4_t shift = __riscv_vle16_v_i16m4(r->shift + c, vl);
  if (r->rounding == MOTE_ROUNDING_TFLITE) {
    a0 = mote_rvv_ties(a0, shift, r->zero_shifts, vl);
    a1 = mote_rvv_ties(a1, shift, r->zero_shifts, vl);
    a2 = mote_rvv_ties(a2, shift, r->zero_shifts, vl);
  }
  mote_rvv_put(r, a0, shift, output, vl);
  mote_rvv_put(r, a1, shift, output + p->channels, vl);
  mote_rvv_put(r, a2, shift, output + 2 * p->channels, vl);
}

/* `taps` weights times the zero point. */
#define OUTSIDE(taps)                                                                                             \
  if ((taps) > 0) {                                                                                               \
    const int8_t *end = w + (taps)*p->channels;                                                                   \
    __asm__ volatile(BEGIN WEIGHT "vwmacc.vx %[a0], %[z], v0\n" AGAIN                                             \
                     : [a0] "+vr"(a0), [w] "+r"(w)                                                                \
                     : [c] "r"(p->channels), [z] "r"(p->input_zero_point), [e] "r"(end), [vl] "r"(vl)             \
                     : VECTORS);                                                                                  \
  }

/* One pixel whose first tap is at (y, x) of the image. */
static inline void pixel1(const lanes *l, const int8_t *input, int32_t y, int32_t x, int8_t *output) {
  const mote_lanedepthwise_s8s8 *p = l->p;
  const mote_rvv_rescale *r = l->r;
  const size_t vl = l->vl;
  const int32_t c = l->c;
  const int32_t dilation = p->dilation_w * p->channels;
  const int8_t *w = p->weights + c;
  const mote_range k = mote_window_range(x, p->dilation_w, p->kernel_w, p->in_w);
  vint32m8_t a0 = __riscv_vle32_v_i32m8(r->bias + c, vl);
  for (int32_t i = 0; i < p->kernel_h; i++) {
    const int32_t inside = (uint32_t)y < (uint32_t)p->in_h ? k.end - k.begin : 0;
    const int32_t before = inside > 0 ? k.begin : p->kernel_w;
    OUTSIDE(before)
    if (inside > 0) {
      const int8_t *x0 = input + (y * p->in_w + x) * p->channels + k.begin * dilation;
      const int8_t *end = w + inside * p->channels;
      __asm__ volatile(BEGIN WEIGHT PIXEL("x0", "a0") AGAIN
                       : [a0] "+vr"(a0), [w] "+r"(w), [x0] "+r"(x0)
                       : [c] "r"(p->channels), [d] "r"(dilation), [e] "r"(end), [vl] "r"(vl)
                       : VECTORS);
      OUTSIDE(p->kernel_w - k.end)
    }
    y += p->dilation_h;
  }
  a0 = mote_rvv_scale(a0, __riscv_vle32_v_i32m8(r->multiplier + c, vl), r->pre_shift, r->rounding, vl);
  const vint16m4_t shift = __riscv_vle16_v_i16m4(r->shift + c, vl);
  if (r->rounding == MOTE_ROUNDING_TFLITE) a0 = mote_rvv_ties(a0, shift, r->zero_shifts, vl);
  mote_rvv_put(r, a0, shift, output, vl);
}

void mote_lanedepthwise_s8s8__rvv(const mote_lanedepthwise_s8s8 *p, const int8_t *input, int8_t *output) {
  const mote_rvv_rescale r = {p->bias,       p->multiplier,        p->shift,        p->pre_shift, p->zero_shifts,
                              p->output_zero_point, p->output_min, p->output_max, p->rounding};
  lanes l = {p, &r, 0, 0};
  for (; l.c < p->channels; l.c += (int32_t)l.vl) {
    const int8_t *in = input + l.c;
    int8_t *out = output + l.c;
    int32_t y0 = -p->pad_top;
    l.vl = __riscv_vsetvl_e32m8((size_t)(p->channels - l.c));
    for (int32_t y = 0; y < p->out_h; y++) {
      int32_t x0 = -p->pad_left;
      for (int32_t x = 0; x < p->out_w;) {
        const int32_t step = x >= p->inner_begin && x + 3 <= p->inner_end ? 3 : 1;
        if (step == 3) pixels3(&l, in + x0 * p->channels, y0, out);
        else pixel1(&l, in, y0, x0, out);
        out += step * p->channels;
        x0 += step * p->stride_w;
        x += step;
      }
      y0 += p->stride_h;
    }
  }
}
