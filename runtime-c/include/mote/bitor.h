/* SPDX-License-Identifier: Apache-2.0 */
/* bitOr: a | b; with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output may be the buffer of an input that has the output's shape. */
#ifndef MOTE_BITOR_H
#define MOTE_BITOR_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int32_t *a_constant;
  const int32_t *b_constant;
} mote_bitor_s32;

void mote_bitor_s32__ref(const mote_bitor_s32 *p, const int32_t *a, const int32_t *b, int32_t *output);

#endif
