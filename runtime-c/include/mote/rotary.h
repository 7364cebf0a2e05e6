/* SPDX-License-Identifier: Apache-2.0 */
/* Rotary position embedding: the first `rotated` elements of every head are turned in pairs, (2i, 2i + 1) where `interleaved`
 * is 1, else (i, i + rotated / 2), by the angles of the row: rotated / 2 cosines and sines each. The output may be the buffer
 * of the input. */
#ifndef MOTE_ROTARY_H
#define MOTE_ROTARY_H

#include <stdint.h>

typedef struct {
  int32_t rows, heads, head_size;
  int32_t rotated;
  int32_t interleaved;
} mote_rotary_f32;

void mote_rotary_f32__ref(const mote_rotary_f32 *p, const float *input, const float *cosines, const float *sines,
                          float *output);

#endif
