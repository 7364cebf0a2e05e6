/* SPDX-License-Identifier: Apache-2.0 */
/* The input with `before` and `after` elements of one value around it, along each of five dimensions (outermost first,
 * padded in front with 1). dims are the input's. `value` holds the bits of one element. The output must not overlap the
 * input. */
#ifndef MOTE_PAD_H
#define MOTE_PAD_H

#include <stdint.h>

typedef struct {
  int32_t dims[5];
  int32_t before[5];
  int32_t after[5];
  int32_t value;
} mote_pad_x8;

void mote_pad_x8__ref(const mote_pad_x8 *p, const void *input, void *output);
void mote_pad_x8__mve(const mote_pad_x8 *p, const void *input, void *output);
void mote_pad_x8__rvv(const mote_pad_x8 *p, const void *input, void *output);

typedef struct {
  int32_t dims[5];
  int32_t before[5];
  int32_t after[5];
  int32_t value;
} mote_pad_x16;

void mote_pad_x16__ref(const mote_pad_x16 *p, const void *input, void *output);
void mote_pad_x16__mve(const mote_pad_x16 *p, const void *input, void *output);
void mote_pad_x16__rvv(const mote_pad_x16 *p, const void *input, void *output);

typedef struct {
  int32_t dims[5];
  int32_t before[5];
  int32_t after[5];
  int32_t value;
} mote_pad_x32;

void mote_pad_x32__ref(const mote_pad_x32 *p, const void *input, void *output);

#endif
