/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b of two tensors of one shape, elements in vector lanes. The output may be the buffer of an input. */
#ifndef MOTE_LANEADD_H
#define MOTE_LANEADD_H

#include <stdint.h>

/* An input is brought to the common scale: ((x - zero_point) << left) * multiplier, then right as in rvv_rescale.h. */
typedef struct {
  int32_t count;
  int32_t a_zero_point, a_left, a_multiplier, a_right;
  int32_t b_zero_point, b_left, b_multiplier, b_right;
  int32_t output_zero_point, output_multiplier, output_right;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_laneadd_s8;

void mote_laneadd_s8__rvv(const mote_laneadd_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

#endif
