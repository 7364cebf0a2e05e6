/* SPDX-License-Identifier: Apache-2.0 */
/* int8 tables on Helium, 16 look-ups at a time. */
#ifndef MOTE_MVE_LOOK_UP_H
#define MOTE_MVE_LOOK_UP_H

#include <arm_mve.h>
#include <stdint.h>

/* Looks up (copies where there is no table) count elements; gives the end of the output. */
static inline int8_t *mote_mve_look_up(int8_t *output, const int8_t *input, int32_t count, const int8_t *table) {
  int8_t *const end = output + count;
  if (table) {
    for (int32_t left = count; left > 0; left -= 16) {
      const mve_pred16_t lanes = vctp8q((uint32_t)left);
      const uint8x16_t x = vreinterpretq_u8_s8(vldrbq_z_s8(input, lanes));
      vstrbq_p_s8(output, vldrbq_gather_offset_z_s8(table, x, lanes), lanes);
      input += 16;
      output += 16;
    }
  } else {
    for (int32_t left = count; left > 0; left -= 16) {
      const mve_pred16_t lanes = vctp8q((uint32_t)left);
      vstrbq_p_s8(output, vldrbq_z_s8(input, lanes), lanes);
      input += 16;
      output += 16;
    }
  }
  return end;
}

#endif
