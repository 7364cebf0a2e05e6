/* SPDX-License-Identifier: Apache-2.0 */
/* float32 batch normalization, folded to one multiply and one add. */
#include "mote/batchnorm.h"

void mote_batchnorm_f32__ref(const mote_batchnorm_f32 *p, const float *input, float *output) {
  for (int32_t r = 0; r < p->outer; r++) {
    for (int32_t c = 0; c < p->channels; c++) *output++ = *input++ * p->scale[c] + p->offset[c];
  }
}
