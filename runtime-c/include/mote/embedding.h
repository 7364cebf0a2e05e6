/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of int8 weights chosen by index, as float32. Negative indices count from the end; indices beyond the ends take the
 * nearest row. */
#ifndef MOTE_EMBEDDING_H
#define MOTE_EMBEDDING_H

#include <stdint.h>

typedef struct {
  int32_t count, depth, inner;
  const int8_t *weights; /* depth x inner */
  const float *scales;   /* depth */
} mote_embedding_s8;

void mote_embedding_s8__ref(const mote_embedding_s8 *p, const int32_t *indices, float *output);

#endif
