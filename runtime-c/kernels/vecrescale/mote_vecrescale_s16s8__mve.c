/* SPDX-License-Identifier: Apache-2.0 */
/* Change of scale on Helium, int16 to int8, four elements at a time. */
#include "mote/mve_vector.h"
#include "mote/vecrescale.h"

static inline void rescale(const mote_vecrescale_s16s8 *p, const int16_t *input, int8_t *output, int32_t single) {
  for (int32_t left = p->count; left > 0; left -= 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    int32x4_t x = vsubq_n_s32(vldrhq_z_s32(input, lanes), p->input_zero_point);
    x = mote_mve_factor(x, p->left, p->multiplier, p->right, single);
    x = mote_mve_clamp(vaddq_n_s32(x, p->output_zero_point), p->output_min, p->output_max);
    mote_mve_store_s8(output, x, lanes);
    input += 4;
    output += 4;
  }
}

void mote_vecrescale_s16s8__mve(const mote_vecrescale_s16s8 *p, const int16_t *input, int8_t *output) {
  if (p->rounding == MOTE_ROUNDING_SINGLE) rescale(p, input, output, 1);
  else rescale(p, input, output, 0);
}
