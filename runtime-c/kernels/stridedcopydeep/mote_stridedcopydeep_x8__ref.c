/* SPDX-License-Identifier: Apache-2.0 */
/* Strided copy of 8-bit elements in up to 16 dimensions. */
#include "mote/stridedcopydeep.h"

void mote_stridedcopydeep_x8__ref(const mote_stridedcopydeep_x8 *p, const void *input, void *output) {
  int32_t index[15] = {0};
  const int8_t *row = (const int8_t *)input + p->offset;
  int8_t *out = (int8_t *)output;
  int d = 0;
  while (d >= 0) {
    const int8_t *x = row;
    for (int32_t i = 0; i < p->dims[15]; i++) {
      *out++ = *x;
      x += p->strides[15];
    }
    for (d = 14; d >= 0; d--) {
      row += p->strides[d];
      if (++index[d] < p->dims[d]) break;
      row -= p->strides[d] * p->dims[d];
      index[d] = 0;
    }
  }
}
