/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with binary weights for RV32IM, 16 codes to a word (packedpairs.h). */
#define MOTE_CODE_BITS 2
#define MOTE_CODES 16
#define MOTE_PAIRS_BYTES "272"
#define MOTE_PAIRS_BLOCK \
  MOTE_PAIRS_FIRST("16", "20", "24", "28") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("32", "36", "40", "44") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("48", "52", "56", "60") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("64", "68", "72", "76") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("80", "84", "88", "92") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("96", "100", "104", "108") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("112", "116", "120", "124") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("128", "132", "136", "140") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("144", "148", "152", "156") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("160", "164", "168", "172") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("176", "180", "184", "188") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("192", "196", "200", "204") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("208", "212", "216", "220") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("224", "228", "232", "236") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("240", "244", "248", "252") \
  MOTE_PAIRS_SHIFT("2") MOTE_PAIRS_FIRST("256", "260", "264", "268")

#include "mote/packedpairs_rv32.h"

void mote_packedpairs_s8binary_b2__rv32_4x8(const mote_packedpairs_s8binary_b2 *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_convolve(p, input, output, scratch);
}
