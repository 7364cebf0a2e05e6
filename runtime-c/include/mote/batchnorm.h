/* SPDX-License-Identifier: Apache-2.0 */
/* x * scale[c] + offset[c], channels last. The passes fold it into a layer where they can. The output may be the
 * buffer of the input. */
#ifndef MOTE_BATCHNORM_H
#define MOTE_BATCHNORM_H

#include <stdint.h>

typedef struct {
  int32_t outer, channels;
  const float *scale;
  const float *offset;
} mote_batchnorm_f32;

void mote_batchnorm_f32__ref(const mote_batchnorm_f32 *p, const float *input, float *output);

#endif
