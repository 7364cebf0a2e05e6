/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b of equal shapes on Helium, four elements at a time. */
#include <arm_mve.h>

#include "mote/add.h"
#include "mote/requantize.h"

/* mote_requantize of x * 2^20 for |x| <= 255 and shift <= 0. `single` shifts x by two more bits and back at the end, so
 * that no bit below 2^32 of the product counts. */
static inline int32x4_t scale_up_single(int32x4_t x, int32_t multiplier, int32_t shift) {
  return vrshlq_n_s32(vmulhq_s32(vshlq_n_s32(x, 22), vdupq_n_s32(multiplier)), shift - 1);
}

/* y + (y >> 31) makes VRSHL round ties away from zero; there is nothing to round where shift is 0. */
static inline int32x4_t scale_up_tflite(int32x4_t x, int32_t multiplier, int32_t shift) {
  const int32x4_t y = vqrdmulhq_n_s32(vshlq_n_s32(x, 20), multiplier);
  if (shift == 0) return y;
  return vrshlq_n_s32(vaddq_s32(y, vshrq_n_s32(y, 31)), shift);
}

static inline void add(const mote_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output, int single) {
  const int32x4_t min = vdupq_n_s32(p->output_min);
  const int32x4_t max = vdupq_n_s32(p->output_max);
  for (int32_t left = p->dims[4]; left > 0; left -= 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    const int32x4_t x = vsubq_n_s32(vldrbq_z_s32(a, lanes), p->a_zero_point);
    const int32x4_t y = vsubq_n_s32(vldrbq_z_s32(b, lanes), p->b_zero_point);
    int32x4_t z;
    if (single) {
      z = vaddq_s32(scale_up_single(x, p->a_multiplier, p->a_shift), scale_up_single(y, p->b_multiplier, p->b_shift));
      z = vrshlq_n_s32(vmulhq_s32(z, vdupq_n_s32(p->output_multiplier)), p->output_shift + 1);
    } else {
      z = vaddq_s32(scale_up_tflite(x, p->a_multiplier, p->a_shift), scale_up_tflite(y, p->b_multiplier, p->b_shift));
      z = vqrdmulhq_n_s32(z, p->output_multiplier);
      z = vrshlq_n_s32(vaddq_s32(z, vshrq_n_s32(z, 31)), p->output_shift);
    }
    z = vminq_s32(vmaxq_s32(vaddq_n_s32(z, p->output_zero_point), min), max);
    vstrbq_p_s32(output, z, lanes);
    a += 4;
    b += 4;
    output += 4;
  }
}

void mote_add_s8__mve(const mote_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  if (p->rounding == MOTE_ROUNDING_SINGLE) {
    add(p, a, b, output, 1);
  } else {
    add(p, a, b, output, 0);
  }
}
