/* SPDX-License-Identifier: Apache-2.0 */
/* Change of scale on Helium, int16 to int8, four elements at a time. */
#include "mote/mve_vector.h"
#include "mote/vecrescale.h"

static inline void rescale(const mote_vecrescale_s16s8 *p, const int16_t *input, int8_t *output, int32_t single) {
  /* In registers: stores to the output could be to the parameters, for all the compiler knows. */
  const mote_mve_scaling scale = mote_mve_scaling_of(p->left, p->multiplier, p->right);
  const int32_t from = p->input_zero_point;
  const int32_t to = p->output_zero_point;
  const int32x4_t min = vdupq_n_s32(p->output_min);
  const int32x4_t max = vdupq_n_s32(p->output_max);
  for (int32_t left = p->count; left > 0; left -= 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    int32x4_t x = vsubq_n_s32(vldrhq_z_s32(input, lanes), from);
    x = mote_mve_factor(x, scale, single);
    x = vminq_s32(vmaxq_s32(vaddq_n_s32(x, to), min), max);
    mote_mve_store_s8(output, x, lanes);
    input += 4;
    output += 4;
  }
}

void mote_vecrescale_s16s8__mve(const mote_vecrescale_s16s8 *p, const int16_t *input, int8_t *output) {
  if (p->rounding == MOTE_ROUNDING_SINGLE) rescale(p, input, output, 1);
  else rescale(p, input, output, 0);
}
