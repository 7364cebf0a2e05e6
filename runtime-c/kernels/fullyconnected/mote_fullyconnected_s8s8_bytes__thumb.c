/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer for Armv6-M: eight outputs at a time, their weights as bytes of two words. */
#include "mote/fullyconnected.h"
#include "mote/thumb_bytes.h"
#include "mote/thumb_requantize.h"

/* One word's accumulators, modulo 2^32. `offset` is -128 times the sum of the inputs. */
static void separate(int32_t acc[4], uint32_t bottom, const uint32_t *rest, const int32_t *bias, uint32_t offset) {
  acc[0] = (int32_t)(bottom - (rest[0] << 8) + offset + (uint32_t)bias[0]);
  acc[1] = (int32_t)(rest[0] - (rest[1] << 8) + offset + (uint32_t)bias[1]);
  acc[2] = (int32_t)(rest[1] - (rest[2] << 8) + offset + (uint32_t)bias[2]);
  acc[3] = (int32_t)(rest[2] + (uint32_t)bias[3]);
}

static uint32_t sum_of(const int8_t *input, int32_t count) {
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += input[i];
  return (uint32_t)sum;
}

void mote_fullyconnected_s8s8_bytes__thumb(const mote_fullyconnected_s8s8_bytes *p, const int8_t *input,
                                           int8_t *output) {
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, 0, p->signs, 0, 0, 0, 4, 0, 4};
  for (int32_t r = 0; r < p->rows; r++) {
    const uint32_t offset = 0u - (sum_of(input, p->in_c) << 7);
    const int32_t *weights = p->weights;
    const int32_t *bias = p->bias;
    job.output = output;
    job.scale = (const mote_thumb_scale *)p->scale;
    for (int32_t c = 0; c < p->out_c; c += MOTE_BYTES_OUTPUTS) {
      uint32_t sums[MOTE_BYTES_OUTPUTS];
      int32_t acc[MOTE_BYTES_OUTPUTS];
      mote_bytes_sums(weights, input, sums, input + (p->in_c & ~3), input + p->in_c);
      separate(acc, sums[0], sums + 2, bias, offset);
      separate(acc + 4, sums[1], sums + 5, bias + 4, offset);
      job.acc = acc;
      job.channels = p->out_c - c < MOTE_BYTES_OUTPUTS ? p->out_c - c : MOTE_BYTES_OUTPUTS;
      mote_thumb_finish_channels(&job);
      weights += 2 * p->in_c;
      bias += MOTE_BYTES_OUTPUTS;
    }
    input += p->in_c;
    output += p->out_c;
  }
}
