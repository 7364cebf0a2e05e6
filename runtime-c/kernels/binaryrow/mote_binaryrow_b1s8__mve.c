/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of signs by signs on Helium, channels in lanes: int8. */
#include "mote/binary_row_mve.h"

static inline __attribute__((always_inline)) int32x4_t value(const mote_binaryrow_b1s8 *p, uint32x4_t differ,
                                                             int32x4_t multiplier, int32x4_t bias) {
  const int32x4_t sum = vaddq_s32(vmulq_s32(vreinterpretq_s32_u32(differ), multiplier), bias);
  return vminq_s32(vmaxq_s32(vshlq_r_s32(sum, -p->shift), vdupq_n_s32(p->output_min)), vdupq_n_s32(p->output_max));
}

static inline __attribute__((always_inline)) void put(const mote_binaryrow_b1s8 *p, uint32x4_t differ, int32_t c,
                                                      int32_t left, int whole, void *output, uint32_t *word) {
  int8_t *const to = (int8_t *)output + c;
  (void)word;
  if (whole) {
    vstrbq_s32(to, value(p, differ, vldrwq_s32(p->multiplier + c), vldrwq_s32(p->bias + c)));
  } else {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    vstrbq_p_s32(to, value(p, differ, vldrwq_z_s32(p->multiplier + c, lanes), vldrwq_z_s32(p->bias + c, lanes)), lanes);
  }
}

static inline void end(const mote_binaryrow_b1s8 *p, int32_t c, uint32_t word, void *output) {
  (void)p, (void)c, (void)word, (void)output;
}

void mote_binaryrow_b1s8__mve(const mote_binaryrow_b1s8 *p, const int32_t *input, int8_t *output, void *scratch) {
  mote_binary_pixels(p, input, (uint8_t *)output, p->out_c, scratch, put, end);
}
