/* SPDX-License-Identifier: Apache-2.0 */
/* floor: largest integer not above x. The output may be the buffer of the input. */
#ifndef MOTE_FLOOR_H
#define MOTE_FLOOR_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_floor_f32;

void mote_floor_f32__ref(const mote_floor_f32 *p, const float *input, float *output);

#endif
