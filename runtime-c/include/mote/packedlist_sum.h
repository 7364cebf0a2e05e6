/* SPDX-License-Identifier: Apache-2.0 */
/* A channel of packedlist.h in C. */
#ifndef MOTE_PACKEDLIST_SUM_H
#define MOTE_PACKEDLIST_SUM_H

#include "mote/packedlist_drive.h"

/* Adds a channel to the totals. */
static void mote_sum_list(mote_list_channel *channel) {
  const uint32_t *x = channel->words;
  const int8_t *value = channel->values;
  const uint8_t *skip = channel->skips;
  const uint8_t *run = channel->runs;
  int32_t *const t = channel->totals;
  for (; *run != 0; run++) {
    uint32_t a = 1u << 15;
    uint32_t b = a;
    uint32_t c = a;
    uint32_t d = a;
    const int8_t *const end = value + *run;
    int32_t shift = *run & 1 ? 4 : 0;
    do {
      x += 4 * ((*skip >> shift) & 15);
      const uint32_t w = (uint32_t)(int32_t)*value++;
      a += w * x[0];
      b += w * x[1];
      c += w * x[2];
      d += w * x[3];
      x += 4;
      skip += shift >> 2;
      shift = 4 - shift;
    } while (value != end);
    t[0] = (int32_t)((uint32_t)t[0] + a);
    t[2] = (int32_t)((uint32_t)t[2] + b);
    t[4] = (int32_t)((uint32_t)t[4] + c);
    t[6] = (int32_t)((uint32_t)t[6] + d);
    t[1] += (int32_t)a >> 16;
    t[3] += (int32_t)b >> 16;
    t[5] += (int32_t)c >> 16;
    t[7] += (int32_t)d >> 16;
  }
  channel->values = value;
  channel->skips = skip;
  channel->runs = run + 1;
}

#endif
