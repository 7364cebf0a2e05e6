/* SPDX-License-Identifier: Apache-2.0 */
/* Subtracts from each channel what a low pass takes for noise. Words have no sign. */
#ifndef MOTE_NOISEREDUCTION_H
#define MOTE_NOISEREDUCTION_H

#include <stdint.h>

typedef struct {
  int32_t frames;
  int32_t channels;
  int32_t even_smoothing; /* share of the new frame, Q14 */
  int32_t odd_smoothing;
  int32_t smoothing_bits; /* of the noise, behind the point */
  int32_t least;          /* share of the signal that remains, Q14 */
  int32_t stateful;       /* else noise begins from 0, and before is not read */
} mote_noisereduction_s32;

void mote_noisereduction_s32__ref(const mote_noisereduction_s32 *p, const int32_t *input, const int32_t *before,
                                  int32_t *output, int32_t *noise, int32_t *after);

#endif
