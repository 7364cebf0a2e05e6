/* SPDX-License-Identifier: Apache-2.0 */
/* or: a || b; with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output may be the buffer of an input that has the output's shape. */
#ifndef MOTE_OR_H
#define MOTE_OR_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const uint8_t *a_constant;
  const uint8_t *b_constant;
} mote_or_b8;

void mote_or_b8__ref(const mote_or_b8 *p, const uint8_t *a, const uint8_t *b, uint8_t *output);

#endif
