/* SPDX-License-Identifier: Apache-2.0 */
/* log: natural logarithm. The output may be the buffer of the input. */
#ifndef MOTE_LOG_H
#define MOTE_LOG_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_log_f32;

void mote_log_f32__ref(const mote_log_f32 *p, const float *input, float *output);

#endif
