/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with the weights that are not zero, by DSP instructions: groups 1; fully connected, 1 x 1 over the rows. Tiles of
 * eight pixels are widened in the scratch, tap by tap: the same tap of all eight in 16 bytes. Of each channel the list is
 * made into words once for all tiles that are there, weight above, place below; a product is an SMLAxT.
 *
 * As for int8's kernels (conv2d.h) but for `weights`, one stream: the number of tiles in the scratch; then for each channel
 * its initial sum, multiplier, rounding, shift (dsp_block.h), for sums that come times 16, and its list
 * (packedlist_dsp.h), in whole words.
 * Scratch: 16 bytes for each tap of each tile; 4 for each entry of the longest list, in fours, at least one; 2 * row_bytes. */
#ifndef MOTE_PACKEDGATHER_H
#define MOTE_PACKEDGATHER_H

#include <stdint.h>

#include "mote/conv2d.h"

typedef mote_conv2d_s8s8_dsp mote_packedgather_s8sparse;

void mote_packedgather_s8sparse__dsp_8x1(const mote_packedgather_s8sparse *p, const int8_t *input, int8_t *output,
                                         void *scratch);

#endif
