/* SPDX-License-Identifier: Apache-2.0 */
/* int16 argMax. */
#include "mote/argmax.h"

void mote_argmax_s16__ref(const mote_argmax_s16 *p, const int16_t *input, int32_t *output) {
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      int32_t best = 0;
      for (int32_t k = 1; k < p->depth; k++) {
        const int16_t a = input[k * p->inner + i];
        const int16_t b = input[best * p->inner + i];
        if (a > b || (p->last && a == b)) best = k;
      }
      *output++ = best;
    }
    input += p->depth * p->inner;
  }
}
