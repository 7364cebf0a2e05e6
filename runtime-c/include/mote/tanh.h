/* SPDX-License-Identifier: Apache-2.0 */
/* tanh(x). The output may be the buffer of the input. int8 is a table: lut.h. */
#ifndef MOTE_TANH_H
#define MOTE_TANH_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_tanh_f32;

void mote_tanh_f32__ref(const mote_tanh_f32 *p, const float *input, float *output);

/* Output scale 1/32768; multiplier and shift bring the input to steps of 1/12288, where the table of sigmoidtable.h
 * applies: (x * multiplier + rounding bit) >> shift. */
typedef struct {
  int32_t count;
  int32_t multiplier, shift;
} mote_tanh_s16;

void mote_tanh_s16__ref(const mote_tanh_s16 *p, const int16_t *input, int16_t *output);

#endif
