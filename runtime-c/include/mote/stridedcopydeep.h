/* SPDX-License-Identifier: Apache-2.0 */
/* stridedcopy.h's copy for tensors of more dimensions than five that cannot be merged: up to 16, which a tensor of
 * eight dimensions has when each is repeated. The output must not overlap the input. */
#ifndef MOTE_STRIDEDCOPYDEEP_H
#define MOTE_STRIDEDCOPYDEEP_H

#include <stdint.h>

typedef struct {
  int32_t dims[16];
  int32_t strides[16];
  int32_t offset;
} mote_stridedcopydeep_x8;

void mote_stridedcopydeep_x8__ref(const mote_stridedcopydeep_x8 *p, const void *input, void *output);

typedef struct {
  int32_t dims[16];
  int32_t strides[16];
  int32_t offset;
} mote_stridedcopydeep_x16;

void mote_stridedcopydeep_x16__ref(const mote_stridedcopydeep_x16 *p, const void *input, void *output);

typedef struct {
  int32_t dims[16];
  int32_t strides[16];
  int32_t offset;
} mote_stridedcopydeep_x32;

void mote_stridedcopydeep_x32__ref(const mote_stridedcopydeep_x32 *p, const void *input, void *output);

#endif
