/* SPDX-License-Identifier: Apache-2.0 */
/* Distances of one window from many filters (binaryrow.h): differing bits are counted in the bytes of each lane, as often
 * as a byte holds them. */
#ifndef MOTE_BINARY_ROW_RVV_H
#define MOTE_BINARY_ROW_RVV_H

#include <riscv_vector.h>

#include "mote/binaryrow.h"
#include "mote/window.h"

/* Words of at most 8 differences a byte. */
#define MOTE_BINARY_ROW_ROOM 31

typedef struct {
  int32_t y0, x0;
  mote_range rows, columns;
} mote_binary_place;

/* The bits of each byte: in pairs, nibbles, bytes. */
static inline vuint32m8_t mote_binary_bits(vuint32m8_t x, size_t vl) {
  x = __riscv_vsub_vv_u32m8(x, __riscv_vand_vx_u32m8(__riscv_vsrl_vx_u32m8(x, 1, vl), 0x55555555u, vl), vl);
  vuint32m8_t high = __riscv_vand_vx_u32m8(__riscv_vsrl_vx_u32m8(x, 2, vl), 0x33333333u, vl);
  x = __riscv_vadd_vv_u32m8(__riscv_vand_vx_u32m8(x, 0x33333333u, vl), high, vl);
  x = __riscv_vadd_vv_u32m8(x, __riscv_vsrl_vx_u32m8(x, 4, vl), vl);
  return __riscv_vand_vx_u32m8(x, 0x0F0F0F0Fu, vl);
}

/* The four bytes of each lane. */
static inline vuint32m8_t mote_binary_sum(vuint32m8_t bytes, size_t vl) {
  vuint32m8_t odd = __riscv_vand_vx_u32m8(__riscv_vsrl_vx_u32m8(bytes, 8, vl), 0x00FF00FFu, vl);
  bytes = __riscv_vadd_vv_u32m8(__riscv_vand_vx_u32m8(bytes, 0x00FF00FFu, vl), odd, vl);
  vuint32m8_t high = __riscv_vsrl_vx_u32m8(bytes, 16, vl);
  return __riscv_vadd_vv_u32m8(__riscv_vand_vx_u32m8(bytes, 0xFFFFu, vl), high, vl);
}

/* Where a tap reads its words; null where it counts as 0. */
static inline const int32_t *mote_binary_tap(const mote_binaryrow_b1b1 *p, const mote_binary_place *at, int32_t i, int32_t k,
                                             const int32_t *input) {
  if (i < at->rows.begin || i >= at->rows.end || k < at->columns.begin || k >= at->columns.end)
    return p->pad_value == 0 ? 0 : p->outside;
  return input + ((at->y0 + i * p->dilation_h) * p->in_w + at->x0 + k * p->dilation_w) * p->words;
}

/* Of the vl channels whose weights begin at w. */
static inline vint32m8_t mote_binary_distances(const mote_binaryrow_b1b1 *p, const mote_binary_place *at,
                                               const int32_t *input, const int32_t *w, size_t vl) {
  vuint32m8_t sum = __riscv_vmv_v_x_u32m8(0, vl);
  vuint32m8_t bytes = sum;
  int32_t room = MOTE_BINARY_ROW_ROOM;
  int32_t base = 0;
  for (int32_t i = 0; i < p->kernel_h; i++) {
    for (int32_t k = 0; k < p->kernel_w; k++) {
      const int32_t *x = mote_binary_tap(p, at, i, k, input);
      if (x == 0) {
        base += p->in_c;
        w += p->words * p->out_c;
        continue;
      }
      for (int32_t j = 0; j < p->words; j++) {
        vuint32m8_t filter = __riscv_vle32_v_u32m8((const uint32_t *)w, vl);
        vuint32m8_t differ = __riscv_vxor_vx_u32m8(filter, (uint32_t)x[j], vl);
        bytes = __riscv_vadd_vv_u32m8(bytes, mote_binary_bits(differ, vl), vl);
        w += p->out_c;
        if (--room == 0) {
          sum = __riscv_vadd_vv_u32m8(sum, mote_binary_sum(bytes, vl), vl);
          bytes = __riscv_vmv_v_x_u32m8(0, vl);
          room = MOTE_BINARY_ROW_ROOM;
        }
      }
    }
  }
  sum = __riscv_vadd_vv_u32m8(sum, mote_binary_sum(bytes, vl), vl);
  sum = __riscv_vadd_vx_u32m8(__riscv_vsll_vx_u32m8(sum, 1, vl), (uint32_t)base, vl);
  return __riscv_vreinterpret_v_u32m8_i32m8(sum);
}

#endif
