/* SPDX-License-Identifier: Apache-2.0 */
/* Integers of two scales as numbers that compare: TensorFlow Lite's ComparisonWithScaling. */
#ifndef MOTE_COMPARE_H
#define MOTE_COMPARE_H

#include <stdint.h>

#include "mote/requantize.h"

/* Where both have one scale, multiplier is 0 and they compare as they are. */
typedef struct {
  int32_t zero_point;
  int32_t multiplier, shift;
  int32_t rounding;
} mote_comparison;

static inline int32_t mote_comparable(const mote_comparison *s, int32_t x) {
  if (s->multiplier == 0) return x;
  return mote_requantize((x - s->zero_point) * (1 << 8), s->multiplier, s->shift, s->rounding);
}

#endif
