/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer with weights of 2 bits (int2, ternary, trits) by DSP instructions: packedfc.h. */
#include "mote/packedfc_drive.h"

MOTE_FC_SUMS(sums, MOTE_CODES_FOUR_2)

void mote_packedfc_s8int_b2__dsp_1x4(const mote_packedfc_s8int_b2 *p, const int8_t *input, int8_t *output,
                                     void *scratch) {
  mote_packedfc_run(p, input, output, scratch, sums, MOTE_CODES_MASK_2);
}
