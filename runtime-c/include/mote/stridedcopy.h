/* SPDX-License-Identifier: Apache-2.0 */
/* output[i0, ..., i4] = input[offset + sum of i * strides], counted in elements of 8, 16 or 32 bits: transpose and
 * slice. dims are the output's, outermost first, padded in front with 1. The output must not overlap the input. */
#ifndef MOTE_STRIDEDCOPY_H
#define MOTE_STRIDEDCOPY_H

#include <stdint.h>

typedef struct {
  int32_t dims[5];
  int32_t strides[5];
  int32_t offset;
} mote_stridedcopy_x8;

void mote_stridedcopy_x8__ref(const mote_stridedcopy_x8 *p, const void *input, void *output);
void mote_stridedcopy_x8__mve(const mote_stridedcopy_x8 *p, const void *input, void *output);
void mote_stridedcopy_x8__rvv(const mote_stridedcopy_x8 *p, const void *input, void *output);

typedef struct {
  int32_t dims[5];
  int32_t strides[5];
  int32_t offset;
} mote_stridedcopy_x16;

void mote_stridedcopy_x16__ref(const mote_stridedcopy_x16 *p, const void *input, void *output);
void mote_stridedcopy_x16__mve(const mote_stridedcopy_x16 *p, const void *input, void *output);
void mote_stridedcopy_x16__rvv(const mote_stridedcopy_x16 *p, const void *input, void *output);

typedef struct {
  int32_t dims[5];
  int32_t strides[5];
  int32_t offset;
} mote_stridedcopy_x32;

void mote_stridedcopy_x32__ref(const mote_stridedcopy_x32 *p, const void *input, void *output);

#endif
