/* SPDX-License-Identifier: Apache-2.0 */
/* Strided copy of 32-bit elements. */
#include "mote/stridedcopy.h"

void mote_stridedcopy_x32__ref(const mote_stridedcopy_x32 *p, const void *input, void *output) {
  int32_t index[4] = {0, 0, 0, 0};
  const int32_t *row = (const int32_t *)input + p->offset;
  int32_t *out = (int32_t *)output;
  int d = 0;
  while (d >= 0) {
    const int32_t *x = row;
    for (int32_t i = 0; i < p->dims[4]; i++) {
      *out++ = *x;
      x += p->strides[4];
    }
    for (d = 3; d >= 0; d--) {
      row += p->strides[d];
      if (++index[d] < p->dims[d]) break;
      row -= p->strides[d] * p->dims[d];
      index[d] = 0;
    }
  }
}
