/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with int3 weights for Armv6-M, 10 codes to a word (packedpairs.h). */
#define MOTE_CODE_BITS 3
#define MOTE_CODES 10
#define MOTE_PAIRS_BLOCK \
  MOTE_PAIRS_FIRST MOTE_PAIRS_TAP("3") MOTE_PAIRS_TAP("6") MOTE_PAIRS_TAP("9") MOTE_PAIRS_TAP("12") \
  MOTE_PAIRS_TAP("15") MOTE_PAIRS_TAP("18") MOTE_PAIRS_TAP("21") MOTE_PAIRS_TAP("24") MOTE_PAIRS_TAP("27")

#include "mote/packedpairs_thumb.h"

void mote_packedpairs_s8int_b3__thumb(const mote_packedpairs_s8int_b3 *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_convolve(p, input, output, scratch);
}
