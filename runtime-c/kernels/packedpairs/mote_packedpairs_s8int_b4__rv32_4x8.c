/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with int4 weights for RV32IM, 8 codes to a word (packedpairs.h). */
#define MOTE_CODE_BITS 4
#define MOTE_CODES 8
#define MOTE_PAIRS_BYTES "144"
#define MOTE_PAIRS_BLOCK \
  MOTE_PAIRS_FIRST("16", "20", "24", "28") \
  MOTE_PAIRS_SHIFT("4") MOTE_PAIRS_FIRST("32", "36", "40", "44") \
  MOTE_PAIRS_SHIFT("4") MOTE_PAIRS_FIRST("48", "52", "56", "60") \
  MOTE_PAIRS_SHIFT("4") MOTE_PAIRS_FIRST("64", "68", "72", "76") \
  MOTE_PAIRS_SHIFT("4") MOTE_PAIRS_FIRST("80", "84", "88", "92") \
  MOTE_PAIRS_SHIFT("4") MOTE_PAIRS_FIRST("96", "100", "104", "108") \
  MOTE_PAIRS_SHIFT("4") MOTE_PAIRS_FIRST("112", "116", "120", "124") \
  MOTE_PAIRS_SHIFT("4") MOTE_PAIRS_FIRST("128", "132", "136", "140")

#include "mote/packedpairs_rv32.h"

void mote_packedpairs_s8int_b4__rv32_4x8(const mote_packedpairs_s8int_b4 *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_convolve(p, input, output, scratch);
}
