/* SPDX-License-Identifier: Apache-2.0 */
/* shiftLeft: a << b, 0 for b beyond 31; with numpy broadcasting. Where a_constant (or b_constant) is not null, it is read instead of a (or b).
 * The output may be the buffer of an input that has the output's shape. */
#ifndef MOTE_SHIFTLEFT_H
#define MOTE_SHIFTLEFT_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int32_t *a_constant;
  const int32_t *b_constant;
} mote_shiftleft_s32;

void mote_shiftleft_s32__ref(const mote_shiftleft_s32 *p, const int32_t *a, const int32_t *b, int32_t *output);

#endif
