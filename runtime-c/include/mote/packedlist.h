/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with the weights that are not zero: eight pixels at a time, two to a word, as in packedpairs.h (whose
 * struct this is), but the words are the pixels themselves and a channel is a list of entries.
 *
 * A run of 1 to 8 entries has a byte in `runs`, their number; `values` has their weights, and `skips` a byte for two: how
 * many taps to leave out before the entry, the run's last one in the upper half, the one before it in the lower half, and
 * so on. A run of 0 ends the channel. `segment` is the number of taps, `blocks` is 1, `unit_shift` and `offset` are 0. */
#ifndef MOTE_PACKEDLIST_H
#define MOTE_PACKEDLIST_H

#include "mote/packedpairs.h"

enum { MOTE_LIST_RUN = 8 };

typedef mote_packedpairs mote_packedlist_s8sparse;
typedef mote_packedpairs mote_packedlist_s8block;

/* Scratch: 16 * (taps + 1) bytes, in_c more where padded. */
void mote_packedlist_s8sparse__thumb(const mote_packedlist_s8sparse *p, const int8_t *input, int8_t *output,
                                     void *scratch);
void mote_packedlist_s8block__thumb(const mote_packedlist_s8block *p, const int8_t *input, int8_t *output,
                                    void *scratch);
void mote_packedlist_s8sparse__rv32(const mote_packedlist_s8sparse *p, const int8_t *input, int8_t *output,
                                    void *scratch);
void mote_packedlist_s8block__rv32(const mote_packedlist_s8block *p, const int8_t *input, int8_t *output,
                                   void *scratch);

#endif
