/* SPDX-License-Identifier: Apache-2.0 */
/* Per-channel amplitude normalization: a gain that falls with the noise, then shrinking. Words have no sign. */
#ifndef MOTE_PCAN_H
#define MOTE_PCAN_H

#include <stdint.h>

typedef struct {
  int32_t count;
  int32_t shift;        /* of signal * gain, to the right: 12 bits behind the point remain */
  const int16_t *curve; /* the gain of 0 and 1, then a parabola for each highest bit */
} mote_pcan_s32;

void mote_pcan_s32__ref(const mote_pcan_s32 *p, const int32_t *input, const int32_t *noise, int32_t *output);

#endif
