/* SPDX-License-Identifier: Apache-2.0 */
/* Any function of one int16 as straight lines: for what bends or jumps too sharply for a table of equal steps. The packer
 * finds the lines, such that no result is out of range. The output may be the buffer of the input. */
#ifndef MOTE_SEGMENTS_H
#define MOTE_SEGMENTS_H

#include <stdint.h>

typedef struct {
  int32_t count;
  int32_t segments;
  const int16_t *starts; /* rising; the first is -32768 */
  const int16_t *values; /* there */
  const int32_t *slopes; /* with 14 bits behind the point */
} mote_segments_s16;

void mote_segments_s16__ref(const mote_segments_s16 *p, const int16_t *input, int16_t *output);

#endif
