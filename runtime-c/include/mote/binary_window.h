/* SPDX-License-Identifier: Apache-2.0 */
/* Distance of one window of bits from one filter, tap by tap (binaryconv2d.h). */
#ifndef MOTE_BINARY_WINDOW_H
#define MOTE_BINARY_WINDOW_H

#include "mote/popcount.h"
#include "mote/window.h"

/* The window of an output pixel: where it begins and which of its taps lie inside the image. */
typedef struct {
  int32_t in_w, in_c, words;
  int32_t kernel_h, kernel_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_value;
  int32_t y0, x0;
  mote_range rows, columns;
} mote_binary_window;

#define MOTE_BINARY_WINDOW(p) \
  {(p)->in_w, (p)->in_c, (p)->words, (p)->kernel_h, (p)->kernel_w, (p)->dilation_h, (p)->dilation_w, (p)->pad_value, \
   -(p)->pad_top, -(p)->pad_left, {0, 0}, {0, 0}}

/* A tap outside the image: 1 for each channel, or as far as the weights are from all 1 or all -1. */
static inline int32_t mote_binary_outside(const mote_binary_window *v, const int32_t *w) {
  if (v->pad_value == 0) return v->in_c;
  int32_t ones = 0;
  for (int32_t j = 0; j < v->words; j++) ones += mote_popcount((uint32_t)w[j]);
  return 2 * (v->pad_value > 0 ? v->in_c - ones : ones);
}

static inline int32_t mote_binary_distance(const mote_binary_window *v, const int32_t *input, const int32_t *w) {
  int32_t distance = 0;
  for (int32_t i = 0; i < v->kernel_h; i++) {
    const int inside_rows = i >= v->rows.begin && i < v->rows.end;
    for (int32_t k = 0; k < v->kernel_w; k++) {
      if (inside_rows && k >= v->columns.begin && k < v->columns.end) {
        const int32_t pixel = (v->y0 + i * v->dilation_h) * v->in_w + v->x0 + k * v->dilation_w;
        const int32_t *x = input + pixel * v->words;
        for (int32_t j = 0; j < v->words; j++) distance += 2 * mote_popcount((uint32_t)(x[j] ^ w[j]));
      } else {
        distance += mote_binary_outside(v, w);
      }
      w += v->words;
    }
  }
  return distance;
}

#endif
