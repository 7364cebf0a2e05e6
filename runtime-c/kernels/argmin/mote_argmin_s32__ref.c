/* SPDX-License-Identifier: Apache-2.0 */
/* int32 argMin. */
#include "mote/argmin.h"

void mote_argmin_s32__ref(const mote_argmin_s32 *p, const int32_t *input, int32_t *output) {
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      int32_t best = 0;
      for (int32_t k = 1; k < p->depth; k++) {
        const int32_t a = input[k * p->inner + i];
        const int32_t b = input[best * p->inner + i];
        if (a < b || (p->last && a == b)) best = k;
      }
      *output++ = best;
    }
    input += p->depth * p->inner;
  }
}
