/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b of one shape for Armv6-M, by tables. */
#include "mote/add.h"
#include "mote/thumb_requantize.h"

enum { CHUNK = 32 };

void mote_add_s8_table__thumb(const mote_add_s8_table *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const uint8_t *x = (const uint8_t *)a;
  const uint8_t *y = (const uint8_t *)b;
  const int32_t *a_table = p->a_table;
  const int32_t *b_table = p->b_table;
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, 1, p->signs, 0, 0, 0, 0, 0, 0};
  int32_t sums[CHUNK];
  int32_t count;
  for (int32_t left = p->count; left > 0; left -= count) {
    count = left < CHUNK ? left : CHUNK;
    for (int32_t i = 0; i < count; i++) sums[i] = a_table[*x++] + b_table[*y++];
    job.acc = sums;
    job.output = output;
    job.scale = (const mote_thumb_scale *)p->scale;
    job.acc_bytes = 4 * count;
    job.channels = 1;
    mote_thumb_finish_channels(&job);
    output += count;
  }
}
