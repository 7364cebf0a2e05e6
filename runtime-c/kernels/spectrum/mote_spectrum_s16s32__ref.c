/* SPDX-License-Identifier: Apache-2.0 */
/* Powers of int16 bins. */
#include "mote/spectrum.h"

void mote_spectrum_s16s32__ref(const mote_spectrum_s16s32 *p, const int16_t *input, int32_t *output) {
  for (int32_t f = 0; f < p->frames; f++) {
    output[0] = input[1];
    for (int32_t k = 1; k < p->from; k++) output[k] = 0;
    for (int32_t k = p->from; k < p->to; k++) {
      const int32_t re = input[2 * k];
      const int32_t im = input[2 * k + 1];
      output[k] = (int32_t)((uint32_t)(re * re) + (uint32_t)(im * im));
    }
    for (int32_t k = p->to; k < p->bins; k++) output[k] = 0;
    input += 2 * p->bins;
    output += p->bins;
  }
}
