/* SPDX-License-Identifier: Apache-2.0 */
/* Strided copy of 8-bit elements on Helium: 16 neighbours at a time, or four gathered ones. */
#include <arm_mve.h>

#include "mote/stridedcopy.h"

static int8_t *row(int8_t *out, const int8_t *from, int32_t count, int32_t stride) {
  int8_t *const end = out + count;
  if (stride == 1) {
    for (int32_t left = count; left > 0; left -= 16) {
      const mve_pred16_t lanes = vctp8q((uint32_t)left);
      vstrbq_p_s8(out, vldrbq_z_s8(from, lanes), lanes);
      out += 16;
      from += 16;
    }
    return end;
  }
  const uint32x4_t at = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)stride);
  for (int32_t left = count; left > 0; left -= 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    vstrbq_p_s32(out, vldrbq_gather_offset_z_s32(from, at, lanes), lanes);
    out += 4;
    from += 4 * stride;
  }
  return end;
}

void mote_stridedcopy_x8__mve(const mote_stridedcopy_x8 *p, const void *input, void *output) {
  int32_t index[4] = {0, 0, 0, 0};
  const int8_t *from = (const int8_t *)input + p->offset;
  int8_t *out = (int8_t *)output;
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
