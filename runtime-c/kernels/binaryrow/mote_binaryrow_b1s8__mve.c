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

static void direct(const mote_binaryrow_b1s8 *p, const int32_t *input, int8_t *output) {
  const int32_t *const end_of_input = input + 2 * p->out_h * p->out_w;
  for (int32_t c = 0; c < p->out_c; c += 8) {
    const mote_binary_eight f = mote_binary_filters(p, c);
    const int32_t *const multiplier = p->multiplier + c, *const bias = p->bias + c;
    int8_t *to = output + c;
    for (const int32_t *x = input; x != end_of_input; x += 2) {
      const uint32x4_t x0 = vdupq_n_u32((uint32_t)x[0]), x1 = vdupq_n_u32((uint32_t)x[1]);
      vstrbq_s32(to, value(p, mote_binary_pair(&f, 0, x0, x1), vldrwq_s32(multiplier), vldrwq_s32(bias)));
      vstrbq_s32(to + 4, value(p, mote_binary_pair(&f, 1, x0, x1), vldrwq_s32(multiplier + 4), vldrwq_s32(bias + 4)));
      to += p->out_c;
    }
  }
}

void mote_binaryrow_b1s8__mve(const mote_binaryrow_b1s8 *p, const int32_t *input, int8_t *output, void *scratch) {
  if (mote_binary_direct(p)) {
    direct(p, input, output);
    return;
  }
  mote_binary_pixels(p, input, (uint8_t *)output, p->out_c, scratch, put, end);
}
