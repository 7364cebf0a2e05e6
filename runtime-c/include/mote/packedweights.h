/* SPDX-License-Identifier: Apache-2.0 */
/* The reference convolution over packed weights. A format is one function: the weight at a row and a column. */
#ifndef MOTE_PACKEDWEIGHTS_H
#define MOTE_PACKEDWEIGHTS_H

#include "mote/fixedpoint.h"
#include "mote/packedconv.h"
#include "mote/requantize.h"

/* The compiler sees the format's function through the loops: no indirect call is left. */
#if defined(__GNUC__) || defined(__clang__)
#define MOTE_INLINE static inline __attribute__((always_inline))
#else
#define MOTE_INLINE static inline
#endif

/* Code i of a row: `bits` (1 to 8) from bit i * bits on, low bits first. */
MOTE_INLINE uint32_t mote_code_at(const uint8_t *row, int32_t i, int32_t bits) {
  const int32_t at = i * bits;
  const int32_t shift = at & 7;
  uint32_t code = (uint32_t)row[at >> 3] >> shift;
  if (shift + bits > 8) code |= (uint32_t)row[(at >> 3) + 1] << (8 - shift);
  return code & ((1u << bits) - 1u);
}

/* The same as two's complement. */
MOTE_INLINE int32_t mote_signed_code_at(const uint8_t *row, int32_t i, int32_t bits) {
  const uint32_t half = 1u << (bits - 1);
  return (int32_t)(mote_code_at(row, i, bits) ^ half) - (int32_t)half;
}

/* Scale of the group of a column; 1 where there are no groups. */
MOTE_INLINE int32_t mote_scale_at(const mote_packedconv *p, int32_t row, int32_t column) {
  if (p->scales == 0) return 1;
  return 1 + (int32_t)mote_code_at(p->scales + row * p->scale_bytes, column >> p->group_shift, 4);
}

typedef int32_t (*mote_weight_at)(const mote_packedconv *p, int32_t row, int32_t column);

/* Sum of products of one output; taps outside the image read the zero point. */
MOTE_INLINE int32_t mote_packed_sum(const mote_packedconv *p, const int8_t *input, int32_t y0, int32_t x0, int32_t row,
                                    mote_weight_at weight_at) {
  int32_t next = p->outlier_starts == 0 ? 0 : p->outlier_starts[row];
  const int32_t last = p->outlier_starts == 0 ? 0 : p->outlier_starts[row + 1];
  int32_t acc = 0;
  int32_t column = 0;
  int32_t y = y0;
  for (int32_t i = 0; i < p->kernel_h; i++) {
    int32_t x = x0;
    for (int32_t j = 0; j < p->kernel_w; j++) {
      const int inside = y >= 0 && y < p->in_h && x >= 0 && x < p->in_w;
      for (int32_t c = 0; c < p->depth; c++) {
        int32_t w = weight_at(p, row, column);
        if (next < last && p->outlier_columns[next] == column) w += p->outlier_amounts[next++];
        acc += w * (inside ? input[(y * p->in_w + x) * p->in_c + c] : p->input_zero_point);
        column++;
      }
      x += p->dilation_w;
    }
    y += p->dilation_h;
  }
  return acc;
}

MOTE_INLINE void mote_packed_convolve(const mote_packedconv *p, const int8_t *input, int8_t *output,
                                      mote_weight_at weight_at) {
  int32_t y0 = -p->pad_top;
  for (int32_t y = 0; y < p->out_h; y++) {
    int32_t x0 = -p->pad_left;
    for (int32_t x = 0; x < p->out_w; x++) {
      const int8_t *group = input;
      int32_t left_in_group = p->group_out;
      for (int32_t c = 0; c < p->out_c; c++) {
        const int32_t acc = mote_packed_sum(p, group, y0, x0, c, weight_at);
        const int32_t q = c * p->requantize_step;
        *output++ = (int8_t)mote_requantize_to(mote_wrap_add(acc, p->bias[c]), p->multiplier[q], p->shift[q],
                                               p->rounding, p->output_zero_point, p->output_min, p->output_max);
        if (--left_in_group == 0) {
          left_in_group = p->group_out;
          group += p->depth;
        }
      }
      x0 += p->stride_w;
    }
    y0 += p->stride_h;
  }
}

#endif
