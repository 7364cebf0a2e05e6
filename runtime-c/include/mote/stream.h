/* SPDX-License-Identifier: Apache-2.0 */
/* What generated code needs to run layers in bands of rows: each layer keeps of its output only the window of rows that
 * its readers still need. A window moves down by as many rows as a band makes. */
#ifndef MOTE_STREAM_H
#define MOTE_STREAM_H

#include <stdint.h>
#include <string.h>

#include "mote/requantize.h"

/* n rows, or none where n is negative: rows above the first one do not exist. */
static inline int32_t mote_rows(int32_t n) { return n > 0 ? n : 0; }

/* Which of a layer's parameters the k-th of its `count` bands takes: `first` bands have their own, then one for all in
 * between, then `last` bands their own. */
static inline int32_t mote_band(int32_t k, int32_t first, int32_t last, int32_t count) {
  if (k < first) return k;
  return k < count - last ? first : first + 1 + k - (count - last);
}

/* Moves `kept` bytes down by `by` bytes: the rows that the next band still needs, over those that it does not. */
static inline void mote_slide(uint8_t *window, uint32_t kept, uint32_t by) {
  for (; kept > by; kept -= by) {
    memcpy(window, window + by, by);
    window += by;
  }
  memcpy(window, window + by, kept);
}

/* Average pooling over a whole image, NHWC, a band of it at a time. */
typedef struct {
  int32_t pixels, channels; /* of the band */
  int32_t first;            /* 1: the first band, before which the sums are 0 */
  int32_t divisor;          /* pixels of the image in the last band, which makes the means; else 0 */
  int32_t output_min, output_max;
} mote_stream_mean_s8;

/* sums: `channels` int32, kept from band to band. The quotient is rounded to nearest, ties away from zero. */
static inline void mote_stream_mean_s8__ref(const mote_stream_mean_s8 *p, const int8_t *input, int8_t *output,
                                            void *sums) {
  int32_t *const sum = (int32_t *)sums;
  if (p->first) memset(sum, 0, (uint32_t)p->channels * sizeof *sum);
  for (int32_t i = 0; i < p->pixels; i++) {
    for (int32_t c = 0; c < p->channels; c++) sum[c] += input[c];
    input += p->channels;
  }
  if (p->divisor == 0) return;
  for (int32_t c = 0; c < p->channels; c++) {
    const int32_t half = sum[c] > 0 ? p->divisor / 2 : -(p->divisor / 2);
    output[c] = (int8_t)mote_clamp((sum[c] + half) / p->divisor, p->output_min, p->output_max);
  }
}

#endif
