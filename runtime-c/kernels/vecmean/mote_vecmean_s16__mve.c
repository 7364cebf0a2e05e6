/* SPDX-License-Identifier: Apache-2.0 */
/* int16 mean on Helium, four at a time. */
#include "mote/mve_vector.h"
#include "mote/vecmean.h"

static int32x4_t sums_of(const mote_vecmean_s16 *p, const int16_t *x, uint32x4_t at, mve_pred16_t lanes) {
  int32x4_t sums = vdupq_n_s32(0);
  for (int32_t i = 0; i < p->reduced_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduced_dims[1]; j++) {
      const int16_t *y = x + i * p->reduced_strides[0] + j * p->reduced_strides[1];
      for (int32_t k = 0; k < p->reduced_dims[2]; k++) {
        sums = vaddq_s32(sums, mote_mve_load_s16(y, at, lanes));
        y += p->reduced_strides[2];
      }
    }
  }
  return sums;
}

static int32x4_t quotients(int32x4_t sums, int32_t count) {
  const int32x4_t q = {vgetq_lane_s32(sums, 0) / count, vgetq_lane_s32(sums, 1) / count, vgetq_lane_s32(sums, 2) / count,
                       vgetq_lane_s32(sums, 3) / count};
  return q;
}

void mote_vecmean_s16__mve(const mote_vecmean_s16 *p, const int16_t *input, int16_t *output) {
  const int32_t count = p->reduced_dims[0] * p->reduced_dims[1] * p->reduced_dims[2];
  const int32_t single = p->rounding == MOTE_ROUNDING_SINGLE;
  const mote_mve_scaling scale = mote_mve_scaling_of(p->left, p->multiplier, p->right);
  const uint32x4_t at = mote_mve_steps(p->kept_strides[2]);
  for (int32_t i = 0; i < p->kept_dims[0]; i++) {
    for (int32_t j = 0; j < p->kept_dims[1]; j++) {
      const int16_t *x = input + i * p->kept_strides[0] + j * p->kept_strides[1];
      for (int32_t k = 0; k < p->kept_dims[2]; k += 4) {
        const mve_pred16_t lanes = vctp32q((uint32_t)(p->kept_dims[2] - k));
        int32x4_t y = sums_of(p, x + k * p->kept_strides[2], at, lanes);
        if (p->same_scale) {
          y = quotients(y, count);
        } else {
          y = mote_mve_factor(vsubq_n_s32(y, p->zero_points), scale, single);
          y = mote_mve_clamp(vaddq_n_s32(y, p->output_zero_point), -32768, 32767);
        }
        mote_mve_store_s16(output + k, y, lanes);
      }
      output += p->kept_dims[2];
    }
  }
}
