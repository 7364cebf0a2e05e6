/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of signs by signs on Helium, channels in lanes: signs, 16 at a time. */
#include "mote/binary_row_mve.h"

static inline __attribute__((always_inline)) void put(const mote_binaryrow_b1b1 *p, uint32x4_t differ, int32_t c,
                                                      int32_t left, int whole, void *output, uint32_t *word) {
  static const uint32_t bits[4] = {1, 2, 4, 8};
  const int32x4_t d = vreinterpretq_s32_u32(differ);
  (void)output;
  if (whole) {
    *word = vaddvaq_p_u32(*word << 4, vldrwq_u32(bits), vcmpleq_s32(d, vldrwq_s32(p->bias + c)));
  } else {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    const mve_pred16_t set = vcmpleq_m_s32(d, vldrwq_z_s32(p->bias + c, lanes), lanes);
    *word = vaddvaq_p_u32(*word << 4, vldrwq_u32(bits), set);
  }
}

static inline void end(const mote_binaryrow_b1b1 *p, int32_t c, uint32_t word, void *output) {
  uint16_t *const to = (uint16_t *)output + (c >> 4);
  *to = (uint16_t)word;
  /* The second half of the last word. */
  if (p->out_c - c <= 16 && (c & 16) == 0) to[1] = 0;
}

void mote_binaryrow_b1b1__mve(const mote_binaryrow_b1b1 *p, const int32_t *input, int32_t *output, void *scratch) {
  mote_binary_pixels(p, input, (uint8_t *)output, 4 * ((p->out_c + 31) >> 5), scratch, put, end);
}
