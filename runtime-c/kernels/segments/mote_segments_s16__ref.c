/* SPDX-License-Identifier: Apache-2.0 */
/* A function of one int16 as straight lines of any length. */
#include "mote/segments.h"

/* The last line that begins at or before x. */
static int32_t line_of(const mote_segments_s16 *p, int32_t x) {
  int32_t low = 0;
  int32_t end = p->segments;
  while (end - low > 1) {
    const int32_t middle = (low + end) >> 1;
    if (p->starts[middle] <= x) low = middle;
    else end = middle;
  }
  return low;
}

void mote_segments_s16__ref(const mote_segments_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t k = line_of(p, input[i]);
    const int32_t rise = (p->slopes[k] * (input[i] - p->starts[k]) + (1 << 13)) >> 14;
    output[i] = (int16_t)(p->values[k] + rise);
  }
}
