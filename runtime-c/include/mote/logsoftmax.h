/* SPDX-License-Identifier: Apache-2.0 */
/* log(softmax(x)) over rows of `depth` elements. The output may be the buffer of the input. */
#ifndef MOTE_LOGSOFTMAX_H
#define MOTE_LOGSOFTMAX_H

#include <stdint.h>

typedef struct {
  int32_t rows, depth;
} mote_logsoftmax_f32;

void mote_logsoftmax_f32__ref(const mote_logsoftmax_f32 *p, const float *input, float *output);

#endif
