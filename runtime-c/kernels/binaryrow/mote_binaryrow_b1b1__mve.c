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

static void direct(const mote_binaryrow_b1b1 *p, const int32_t *input, uint8_t *output) {
  static const uint32_t powers[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  const int32_t *const end_of_input = input + 2 * p->out_h * p->out_w;
  const int32_t pixel_bytes = p->out_c >> 3;
  for (int32_t c = 0; c < p->out_c; c += 8) {
    const mote_binary_eight f = mote_binary_filters(p, c);
    const int32_t *const limits = p->bias + c;
    uint8_t *to = output + (c >> 3);
    for (const int32_t *x = input; x != end_of_input; x += 2) {
      const uint32x4_t x0 = vdupq_n_u32((uint32_t)x[0]), x1 = vdupq_n_u32((uint32_t)x[1]);
      const int32x4_t low = vreinterpretq_s32_u32(mote_binary_pair(&f, 0, x0, x1));
      const int32x4_t high = vreinterpretq_s32_u32(mote_binary_pair(&f, 1, x0, x1));
      const uint32_t bits = vaddvq_p_u32(vldrwq_u32(powers), vcmpleq_s32(low, vldrwq_s32(limits)));
      *to = (uint8_t)vaddvaq_p_u32(bits, vldrwq_u32(powers + 4), vcmpleq_s32(high, vldrwq_s32(limits + 4)));
      to += pixel_bytes;
    }
  }
}

void mote_binaryrow_b1b1__mve(const mote_binaryrow_b1b1 *p, const int32_t *input, int32_t *output, void *scratch) {
  if (mote_binary_direct(p)) {
    direct(p, input, (uint8_t *)output);
    return;
  }
  mote_binary_pixels(p, input, (uint8_t *)output, 4 * ((p->out_c + 31) >> 5), scratch, put, end);
}
