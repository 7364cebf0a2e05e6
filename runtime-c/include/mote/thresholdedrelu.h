/* SPDX-License-Identifier: Apache-2.0 */
/* thresholdedRelu: x above alpha, else 0. The output may be the buffer of the input. */
#ifndef MOTE_THRESHOLDEDRELU_H
#define MOTE_THRESHOLDEDRELU_H

#include <stdint.h>

typedef struct {
  int32_t count;
  float alpha;
} mote_thresholdedrelu_f32;

void mote_thresholdedrelu_f32__ref(const mote_thresholdedrelu_f32 *p, const float *input, float *output);

#endif
