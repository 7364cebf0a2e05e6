/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium. Weights: whole blocks of columns, only the kept ones are multiplied (mve_kept.h). */
#include "mote/mve_kept.h"

void mote_packedstream_s8block_kept__mve(const mote_packedstream_s8block_kept *p, const int8_t *input, int8_t *output,
                                         void *scratch) {
  const mote_mve_output o = mote_mve_output_of(p->output_min, p->output_max, p->output_zero_point);
  mote_mve_rooms r;
  r.decoded = scratch;
  r.weights = r.decoded + p->group_bytes;
  int8_t *const row = r.weights + p->depth + 16;
  r.x = row + p->depth;
  r.places = (int32_t *)(void *)(r.x + p->tile * p->depth);
  const int32_t end_x = p->out_w * p->stride_w - p->pad_left;
  int32_t y = -p->pad_top;
  int32_t x = -p->pad_left;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= p->tile) {
    const int32_t count = left < p->tile ? left : p->tile;
    for (int32_t i = 0; i < count; i++) {
      mote_mve_gather(p, input, y, x, row);
      mote_mve_place(p, row, r.x + (i & ~7) * p->depth + (i & 7) * p->width);
      x += p->stride_w;
      if (x == end_x) {
        x = -p->pad_left;
        y += p->stride_h;
      }
    }
    if (p->width == 16) mote_mve_kept_tile(p, &o, &r, count, output, 16);
    else if (p->width == 8) mote_mve_kept_tile(p, &o, &r, count, output, 8);
    else mote_mve_kept_tile(p, &o, &r, count, output, 4);
    output += count * p->out_c;
  }
}
