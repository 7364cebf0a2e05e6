/* SPDX-License-Identifier: Apache-2.0 */
/* packedlist.h for RV32IM. */
#include "mote/packedlist_sum.h"
#include "mote/rv32_requantize.h"

static void mote_convolve(const mote_packedpairs *p, const int8_t *input, int8_t *output, void *scratch) {
  const int32_t taps = p->segment;
  const mote_rv32_output o = {p->signs, p->output_min, p->output_max};
  uint32_t *const words = scratch;
  int8_t *const zeros = (int8_t *)(words + 4 * (taps + 1));
  if (p->padded) memset(zeros, p->input_zero_point, (size_t)p->in_c);
  int32_t y = 0;
  int32_t x = 0;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= MOTE_TILE) {
    const int32_t pixels = left < MOTE_TILE ? left : MOTE_TILE;
    mote_corners at;
    mote_place_tile(p, &y, &x, left, &at);
    mote_gather_tile(p, MOTE_PLAIN_WORDS, taps, input, zeros, &at, pixels, words);
    mote_list_channel channel = {p->values, p->skips, p->runs, words + 4, {0}};
    const int32_t *bias = p->bias;
    const int32_t *scale = p->scale;
    for (int32_t c = 0; c < p->out_c; c++) {
      mote_list_start(channel.totals, bias);
      mote_sum_list(&channel);
      mote_list_settle(channel.totals, bias);
      int8_t *to = output + c;
      for (int32_t i = 0; i < pixels; i++) {
        *to = mote_rv32_finish(channel.totals[i], scale, &o);
        to += p->out_c;
      }
      bias += 2;
      scale += MOTE_RV32_CHANNEL;
    }
    output += pixels * p->out_c;
  }
}
