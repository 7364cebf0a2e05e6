/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with int4 weights for Armv6-M, 8 codes to a word (packedpairs.h). */
#define MOTE_CODE_BITS 4
#define MOTE_CODES 8
#define MOTE_PAIRS_BLOCK \
  MOTE_PAIRS_FIRST MOTE_PAIRS_TAP("4") MOTE_PAIRS_TAP("8") MOTE_PAIRS_TAP("12") MOTE_PAIRS_TAP("16") \
  MOTE_PAIRS_TAP("20") MOTE_PAIRS_TAP("24") MOTE_PAIRS_TAP("28")

#include "mote/packedpairs_thumb.h"

void mote_packedpairs_s8int_b4__thumb(const mote_packedpairs_s8int_b4 *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_convolve(p, input, output, scratch);
}
