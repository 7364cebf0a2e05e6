/* SPDX-License-Identifier: Apache-2.0 */
/* Each row as int8: its largest magnitude becomes 127, and scales gets what 1 stands for. A row that is zero or holds an
 * infinity becomes zeros with scale 0; an element that is not a number becomes -127. */
#ifndef MOTE_DYNAMICQUANTIZE_H
#define MOTE_DYNAMICQUANTIZE_H

#include <stdint.h>

typedef struct {
  int32_t rows, depth;
} mote_dynamicquantize_f32;

void mote_dynamicquantize_f32__ref(const mote_dynamicquantize_f32 *p, const float *input, int8_t *output, float *scales);

#endif
