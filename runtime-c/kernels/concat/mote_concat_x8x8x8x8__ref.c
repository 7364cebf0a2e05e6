/* SPDX-License-Identifier: Apache-2.0 */
/* Concatenation of 4 tensors, byte by byte. */
#include "mote/concat.h"

#include <string.h>

void mote_concat_x8x8x8x8__ref(const mote_concat_x8x8x8x8 *p, const void *a, const void *b, const void *c,
                               const void *d, void *output) {
  uint8_t *out = (uint8_t *)output;
  for (int32_t r = 0; r < p->outer; r++) {
    memcpy(out, (const uint8_t *)a + r * p->a_bytes, (size_t)p->a_bytes);
    out += p->a_bytes;
    memcpy(out, (const uint8_t *)b + r * p->b_bytes, (size_t)p->b_bytes);
    out += p->b_bytes;
    memcpy(out, (const uint8_t *)c + r * p->c_bytes, (size_t)p->c_bytes);
    out += p->c_bytes;
    memcpy(out, (const uint8_t *)d + r * p->d_bytes, (size_t)p->d_bytes);
    out += p->d_bytes;
  }
}
