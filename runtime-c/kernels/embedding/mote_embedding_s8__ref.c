/* SPDX-License-Identifier: Apache-2.0 */
#include "mote/embedding.h"

void mote_embedding_s8__ref(const mote_embedding_s8 *p, const int32_t *indices, float *output) {
  for (int32_t k = 0; k < p->count; k++) {
    int32_t index = indices[k];
    if (index < 0) index += p->depth;
    if (index < 0) index = 0;
    if (index >= p->depth) index = p->depth - 1;
    const int8_t *row = p->weights + index * p->inner;
    for (int32_t i = 0; i < p->inner; i++) *output++ = (float)row[i] * p->scales[index];
  }
}
