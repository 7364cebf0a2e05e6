/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of signs by signs, channels in lanes: signs. A comparison's mask is the word of the output, or a part of it. */
#include "mote/binary_row_rvv.h"

static inline uint32_t word(const mote_binaryrow_b1b1 *p, const mote_binary_place *at, const int32_t *input, int32_t first,
                            int32_t channels) {
  uint32_t bits = 0;
  size_t vl;
  for (int32_t done = 0; done < channels; done += (int32_t)vl) {
    const int32_t c = first + done;
    vl = __riscv_vsetvl_e32m8((size_t)(channels - done));
    vint32m8_t distance = mote_binary_distances(p, at, input, p->codes + c, vl);
    vbool4_t mask = __riscv_vmsle_vv_i32m8_b4(distance, __riscv_vle32_v_i32m8(p->bias + c, vl), vl);
    uint32_t part = (uint32_t)__riscv_vmv_x_s_i32m1_i32(__riscv_vreinterpret_v_b4_i32m1(mask));
    if (vl < 32) part &= (1u << vl) - 1u;
    bits |= part << done;
  }
  return bits;
}

void mote_binaryrow_b1b1__rvv(const mote_binaryrow_b1b1 *p, const int32_t *input, int32_t *output) {
  mote_binary_place at = {-p->pad_top, 0, {0, 0}, {0, 0}};
  for (int32_t y = 0; y < p->out_h; y++) {
    at.rows = mote_window_range(at.y0, p->dilation_h, p->kernel_h, p->in_h);
    at.x0 = -p->pad_left;
    for (int32_t x = 0; x < p->out_w; x++) {
      at.columns = mote_window_range(at.x0, p->dilation_w, p->kernel_w, p->in_w);
      for (int32_t c = 0; c < p->out_c; c += 32) {
        const int32_t left = p->out_c - c;
        *output++ = (int32_t)word(p, &at, input, c, left < 32 ? left : 32);
      }
      at.x0 += p->stride_w;
    }
    at.y0 += p->stride_h;
  }
}
