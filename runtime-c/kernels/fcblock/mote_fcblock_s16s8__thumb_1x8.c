/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 fully connected layer for Armv6-M: eight outputs at a time, their weights as bytes of two words. */
#include "mote/fcblock.h"
#include "mote/fcblock_drive.h"

#define MOTE_BYTES_INT16
#include "mote/thumb_bytes.h"

/* One word's sums, modulo 2^32. `offset` is -128 times the sum of the inputs. */
static void separate(int32_t sums[4], uint32_t bottom, const uint32_t *rest, uint32_t offset) {
  sums[0] = (int32_t)(bottom - (rest[0] << 8) + offset);
  sums[1] = (int32_t)(rest[0] - (rest[1] << 8) + offset);
  sums[2] = (int32_t)(rest[1] - (rest[2] << 8) + offset);
  sums[3] = (int32_t)rest[2];
}

static uint32_t sum_of(const int16_t *input, int32_t count) {
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += input[i];
  return (uint32_t)sum;
}

/* Up to eight outputs. */
static void block(const mote_fcblock_s16s8 *p, const int32_t *w, const int32_t *q, const int16_t *input, uint32_t whole,
                  int16_t *output, int32_t count) {
  uint32_t shifted[MOTE_BYTES_OUTPUTS];
  int32_t sums[MOTE_BYTES_OUTPUTS];
  int32_t low[MOTE_BYTES_OUTPUTS];
  int64_t wide[MOTE_BYTES_OUTPUTS];
  const int32_t mode = p->output.mode;
  for (int32_t from = 0; from < p->in_c; from += p->slice) {
    const int32_t n = p->in_c - from < p->slice ? p->in_c - from : p->slice;
    const uint32_t offset = 0u - ((n == p->in_c ? whole : sum_of(input, n)) << 7);
    mote_bytes_sums(w, input, shifted, input + (n & ~3), input + n);
    separate(sums, shifted[0], shifted + 2, offset);
    separate(sums + 4, shifted[1], shifted + 5, offset);
    add_totals(mode, low, wide, sums, MOTE_BYTES_OUTPUTS, from == 0);
    input += n;
    w += 2 * n;
  }
  finish_channels(&p->output, q, low, wide, count, output);
}

void mote_fcblock_s16s8__thumb_1x8(const mote_fcblock_s16s8 *p, const int16_t *input, int16_t *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    const uint32_t whole = sum_of(input, p->in_c);
    const int32_t *w = p->weights;
    const int32_t *q = p->channels;
    for (int32_t left = p->out_c; left > 0; left -= MOTE_BYTES_OUTPUTS) {
      const int32_t count = left < MOTE_BYTES_OUTPUTS ? left : MOTE_BYTES_OUTPUTS;
      block(p, w, q, input, whole, output, count);
      output += count;
      w += 2 * p->in_c;
      q += MOTE_BLOCK_CHANNEL * MOTE_BYTES_OUTPUTS;
    }
    input += p->in_c;
  }
}
