/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with int2 weights for Armv6-M, 16 codes to a word (packedpairs.h). */
#define MOTE_CODE_BITS 2
#define MOTE_CODES 16
#define MOTE_PAIRS_BLOCK \
  MOTE_PAIRS_FIRST MOTE_PAIRS_TAP("2") MOTE_PAIRS_TAP("4") MOTE_PAIRS_TAP("6") MOTE_PAIRS_TAP("8") \
  MOTE_PAIRS_TAP("10") MOTE_PAIRS_TAP("12") MOTE_PAIRS_TAP("14") MOTE_PAIRS_TAP("16") MOTE_PAIRS_TAP("18") \
  MOTE_PAIRS_TAP("20") MOTE_PAIRS_TAP("22") MOTE_PAIRS_TAP("24") MOTE_PAIRS_TAP("26") MOTE_PAIRS_TAP("28") \
  MOTE_PAIRS_TAP("30")

#include "mote/packedpairs_thumb.h"

void mote_packedpairs_s8int_b2__thumb(const mote_packedpairs_s8int_b2 *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_convolve(p, input, output, scratch);
}
