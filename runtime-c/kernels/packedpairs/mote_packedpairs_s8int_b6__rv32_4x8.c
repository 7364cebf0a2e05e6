/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with int6 weights for RV32IM, 5 codes to a word (packedpairs.h). */
#define MOTE_CODE_BITS 6
#define MOTE_CODES 5
#define MOTE_PAIRS_BYTES "96"
#define MOTE_PAIRS_BLOCK \
  MOTE_PAIRS_FIRST("16", "20", "24", "28") \
  MOTE_PAIRS_SHIFT("6") MOTE_PAIRS_FIRST("32", "36", "40", "44") \
  MOTE_PAIRS_SHIFT("6") MOTE_PAIRS_FIRST("48", "52", "56", "60") \
  MOTE_PAIRS_SHIFT("6") MOTE_PAIRS_FIRST("64", "68", "72", "76") \
  MOTE_PAIRS_SHIFT("6") MOTE_PAIRS_FIRST("80", "84", "88", "92")

#include "mote/packedpairs_rv32.h"

void mote_packedpairs_s8int_b6__rv32_4x8(const mote_packedpairs_s8int_b6 *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_convolve(p, input, output, scratch);
}
