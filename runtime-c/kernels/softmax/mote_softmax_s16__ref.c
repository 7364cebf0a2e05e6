/* SPDX-License-Identifier: Apache-2.0 */
/* int16 softmax by interpolated tables, as TensorFlow Lite's reference kernel. */
#include "mote/fixedpoint.h"
#include "mote/requantize.h"
#include "mote/softmax.h"

/* Table of 513 entries at steps of 128, linear in between. */
static int32_t lookup(const int16_t *table, int32_t x) {
  const int16_t *entry = table + 256 + (x >> 7);
  const int32_t slope = (int16_t)(entry[1] - entry[0]);
  return (int16_t)(entry[0] + ((slope * (x & 127) + 64) >> 7));
}

static void row_softmax(const mote_softmax_s16 *p, const int16_t *input, int16_t *output) {
  int32_t max = -32768;
  int32_t sum = 0; /* Q16.15 */
  for (int32_t i = 0; i < p->depth; i++) {
    if (input[i] > max) max = input[i];
  }
  for (int32_t i = 0; i < p->depth; i++) {
    const int32_t scaled = mote_requantize(input[i] - max, p->multiplier, p->shift, p->rounding);
    const int32_t value = lookup(p->exp_table, mote_clamp(mote_wrap_add(scaled, 32767), -32768, 32767));
    output[i] = (int16_t)value;
    sum += value;
  }
  const int32_t headroom = mote_leading_zeros((uint32_t)sum);
  const int32_t shifted = (int32_t)((((int64_t)sum << (headroom - 1)) + (1 << 13)) >> 14);
  const int32_t reciprocal = lookup(p->reciprocal_table, mote_clamp(shifted - (1 << 15) - (1 << 16), -32768, 32767));
  const int32_t right = 31 - headroom;
  for (int32_t i = 0; i < p->depth; i++) {
    const int64_t product = (int64_t)output[i] * reciprocal + ((int64_t)1 << (right - 1));
    output[i] = (int16_t)mote_clamp((int32_t)(product >> right), 0, 32767);
  }
}

void mote_softmax_s16__ref(const mote_softmax_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    row_softmax(p, input, output);
    input += p->depth;
    output += p->depth;
  }
}
