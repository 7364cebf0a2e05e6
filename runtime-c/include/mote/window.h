/* SPDX-License-Identifier: Apache-2.0 */
/* Which taps of a kernel window lie inside the image, along one axis. */
#ifndef MOTE_WINDOW_H
#define MOTE_WINDOW_H

#include <stdint.h>

typedef struct {
  int32_t begin; /* first tap inside */
  int32_t end;   /* one past the last tap inside; begin == end when none is */
} mote_range;

/* Tap k reads origin + k * dilation of [0, size). No division: it is a library call on small cores. */
static inline mote_range mote_window_range(int32_t origin, int32_t dilation, int32_t kernel, int32_t size) {
  mote_range range = {0, kernel};
  int32_t last = origin + (kernel - 1) * dilation;
  while (range.begin < kernel && origin < 0) {
    origin += dilation;
    range.begin++;
  }
  while (range.end > range.begin && last >= size) {
    last -= dilation;
    range.end--;
  }
  return range;
}

#endif
