/* SPDX-License-Identifier: Apache-2.0 */
/* Logarithms in Q16. Words below 2^27 keep four bits behind the point. */
#include "mote/logscale.h"

void mote_logscale_s32s32__ref(const mote_logscale_s32s32 *p, const int32_t *input, int32_t *output) {
  const uint32_t offset = (uint32_t)p->offset;
  for (int32_t i = 0; i < p->count; i++) {
    const uint32_t x = (uint32_t)input[i];
    const uint32_t large = x + offset / 16u < x ? UINT32_MAX : x + offset / 16u;
    const int32_t small = x < (1u << 27);
    const int32_t log2 = mote_log2(small ? x * 16u + offset : large, p->table, 9) - (small ? 4 << 16 : 0);
    output[i] = mote_natural(log2) - p->bias;
  }
}
