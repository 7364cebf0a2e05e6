/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer with int16 activations for cores without SIMD. Input and output as in fullyconnected.h. Where a
 * sum may exceed 32 bits, inputs go in slices whose sums cannot (block_finish.h). */
#ifndef MOTE_FCBLOCK_H
#define MOTE_FCBLOCK_H

#include <stdint.h>

#include "mote/block_finish.h"

typedef struct {
  int32_t rows, in_c, out_c;
  int32_t slice; /* inputs at a time */
  /* rv32: for every whole 16 channels: for each input their 16 weights; then the other channels, [channels][in_c].
   * thumb: [ceil(out_c / 8)][in_c][2] words of four outputs' weights, as mote_fullyconnected_s8s8_bytes has them. */
  const void *weights;
  const int32_t *channels; /* four words each (block_finish.h) */
  mote_block_output output;
} mote_fcblock_s16s8;

void mote_fcblock_s16s8__rv32_1x16(const mote_fcblock_s16s8 *p, const int16_t *input, int16_t *output);
void mote_fcblock_s16s8__thumb_1x8(const mote_fcblock_s16s8 *p, const int16_t *input, int16_t *output);

#endif
