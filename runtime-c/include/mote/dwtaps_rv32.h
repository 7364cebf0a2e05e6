/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of dwtaps.h for RV32IM: each pixel's taps become a table of pointers, those outside the image to a row of zero
 * points; then 4 channels at a time run through it. */
#ifndef MOTE_DWTAPS_RV32_H
#define MOTE_DWTAPS_RV32_H

#include <string.h>

#include "mote/dwtaps.h"

static void find_taps(const mote_dwtaps_s8s8 *p, const int8_t *input, const int8_t *zeros, const int8_t **to, int32_t y,
                      int32_t x0) {
  for (int32_t i = 0; i < p->kernel_h; i++) {
    const int inside = (uint32_t)y < (uint32_t)p->in_h;
    const int8_t *const row = input + y * p->in_w * p->in_c;
    int32_t x = x0;
    for (int32_t j = 0; j < p->kernel_w; j++) {
      *to++ = inside && (uint32_t)x < (uint32_t)p->in_w ? row + x * p->in_c : zeros;
      x += p->dilation_w;
    }
    y += p->dilation_h;
  }
}

/* All channels of one pixel. */
static void pixel(const mote_dwtaps_s8s8 *p, const int8_t *w, const int8_t *const *taps, const int8_t *const *end,
                  int8_t *out) {
  const mote_rv32_output o = p->output;
  const int32_t *q = p->channels;
  int32_t c = 0;
  for (; c + 4 <= p->in_c; c += 4) {
    int32_t a0 = q[0], a1 = q[4], a2 = q[8], a3 = q[12];
    for (const int8_t *const *t = taps; t != end; t++) {
      const int8_t *const x = *t + c;
      a0 += x[0] * w[0];
      a1 += x[1] * w[1];
      a2 += x[2] * w[2];
      a3 += x[3] * w[3];
      w += 4;
    }
    out[0] = mote_rv32_finish(a0, q, &o);
    out[1] = mote_rv32_finish(a1, q + 4, &o);
    out[2] = mote_rv32_finish(a2, q + 8, &o);
    out[3] = mote_rv32_finish(a3, q + 12, &o);
    out += 4;
    q += 4 * MOTE_RV32_CHANNEL;
  }
  for (; c < p->in_c; c++) {
    int32_t a = q[0];
    for (const int8_t *const *t = taps; t != end; t++) a += (*t)[c] * *w++;
    *out++ = mote_rv32_finish(a, q, &o);
    q += MOTE_RV32_CHANNEL;
  }
}

/* The weights are those of `p`, or decoded ones. */
static inline void mote_dwtaps_run(const mote_dwtaps_s8s8 *p, const int8_t *w, const int8_t *input, int8_t *output,
                                   void *scratch) {
  const int8_t **const taps = scratch;
  const int8_t **const end = taps + p->kernel_h * p->kernel_w;
  int8_t *const zeros = (int8_t *)end;
  memset(zeros, p->input_zero_point, (size_t)p->in_c);
  int32_t y = -p->pad_top;
  for (int32_t i = 0; i < p->out_h; i++) {
    int32_t x = -p->pad_left;
    for (int32_t j = 0; j < p->out_w; j++) {
      find_taps(p, input, zeros, taps, y, x);
      pixel(p, w, (const int8_t *const *)taps, (const int8_t *const *)end, output);
      output += p->in_c;
      x += p->stride_w;
    }
    y += p->stride_h;
  }
}

#endif
