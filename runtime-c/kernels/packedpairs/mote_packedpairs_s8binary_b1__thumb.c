/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with binary weights for Armv6-M, 32 codes to a word (packedpairs.h). */
#define MOTE_CODE_BITS 1
#define MOTE_CODES 32
#define MOTE_PAIRS_BLOCK \
  MOTE_PAIRS_FIRST MOTE_PAIRS_TAP("1") MOTE_PAIRS_TAP("2") MOTE_PAIRS_TAP("3") MOTE_PAIRS_TAP("4") \
  MOTE_PAIRS_TAP("5") MOTE_PAIRS_TAP("6") MOTE_PAIRS_TAP("7") MOTE_PAIRS_TAP("8") MOTE_PAIRS_TAP("9") \
  MOTE_PAIRS_TAP("10") MOTE_PAIRS_TAP("11") MOTE_PAIRS_TAP("12") MOTE_PAIRS_TAP("13") MOTE_PAIRS_TAP("14") \
  MOTE_PAIRS_TAP("15") MOTE_PAIRS_TAP("16") MOTE_PAIRS_TAP("17") MOTE_PAIRS_TAP("18") MOTE_PAIRS_TAP("19") \
  MOTE_PAIRS_TAP("20") MOTE_PAIRS_TAP("21") MOTE_PAIRS_TAP("22") MOTE_PAIRS_TAP("23") MOTE_PAIRS_TAP("24") \
  MOTE_PAIRS_TAP("25") MOTE_PAIRS_TAP("26") MOTE_PAIRS_TAP("27") MOTE_PAIRS_TAP("28") MOTE_PAIRS_TAP("29") \
  MOTE_PAIRS_TAP("30") MOTE_PAIRS_TAP("31")

#include "mote/packedpairs_thumb.h"

void mote_packedpairs_s8binary_b1__thumb(const mote_packedpairs_s8binary_b1 *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_convolve(p, input, output, scratch);
}
