/* SPDX-License-Identifier: Apache-2.0 */
/* Strided copy of 16-bit elements on Helium: 8 neighbours at a time, or four gathered ones. */
#include <arm_mve.h>

#include "mote/stridedcopy.h"

static int16_t *row(int16_t *out, const int16_t *from, int32_t count, int32_t stride) {
  int16_t *const end = out + count;
  if (stride == 1) {
    for (int32_t left = count; left > 0; left -= 8) {
      const mve_pred16_t lanes = vctp16q((uint32_t)left);
      vstrhq_p_s16(out, vldrhq_z_s16(from, lanes), lanes);
      out += 8;
      from += 8;
    }
    return end;
  }
  const uint32x4_t at = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)stride);
  for (int32_t left = count; left > 0; left -= 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    vstrhq_p_s32(out, vldrhq_gather_shifted_offset_z_s32(from, at, lanes), lanes);
    out += 4;
    from += 4 * stride;
  }
  return end;
}

void mote_stridedcopy_x16__mve(const mote_stridedcopy_x16 *p, const void *input, void *output) {
  int32_t index[4] = {0, 0, 0, 0};
  const int16_t *from = (const int16_t *)input + p->offset;
  int16_t *out = (int16_t *)output;
  int d = 0;
  while (d >= 0) {
    out = row(out, from, p->dims[4], p->strides[4]);
    for (d = 3; d >= 0; d--) {
      from += p->strides[d];
      if (++index[d] < p->dims[d]) break;
      from -= p->strides[d] * p->dims[d];
      index[d] = 0;
    }
  }
}
