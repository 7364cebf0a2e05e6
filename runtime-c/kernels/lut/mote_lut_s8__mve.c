/* SPDX-License-Identifier: Apache-2.0 */
/* int8 table look-up on Helium, 16 at a time. */
#include <arm_mve.h>

#include "mote/lut.h"

void mote_lut_s8__mve(const mote_lut_s8 *p, const int8_t *input, int8_t *output) {
  for (int32_t left = p->count; left > 0; left -= 16) {
    const mve_pred16_t lanes = vctp8q((uint32_t)left);
    const uint8x16_t x = vreinterpretq_u8_s8(vldrbq_z_s8(input, lanes));
    vstrbq_p_s8(output, vldrbq_gather_offset_z_s8(p->table, x, lanes), lanes);
    input += 16;
    output += 16;
  }
}
