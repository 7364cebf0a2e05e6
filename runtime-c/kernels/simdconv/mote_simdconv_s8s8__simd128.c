/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution: eight channels by four pixels, two taps to a multiply. */
#include "mote/simdconv.h"

MOTE_SIMD_GATHER(gather, int8_t, int16_t, mote_simd_widen)

/* All channels of so many (1 or 4, known at compile time) patches, whose outputs are out_c bytes apart. */
static inline __attribute__((always_inline)) void channels(const mote_simdconv_s8s8 *p, const int16_t *patches,
                                                           int8_t *output, const int32_t pixels) {
  const int8_t *w = p->weights;
  for (int32_t c = 0; c < p->out_c; c += 8) {
    v128_t low[4];
    v128_t high[4];
    for (int32_t q = 0; q < pixels; q++) {
      low[q] = wasm_v128_load(p->rescale.bias + c);
      high[q] = wasm_v128_load(p->rescale.bias + c + 4);
    }
    for (int32_t k = 0; k < p->taps; k += 2) {
      const v128_t w0 = wasm_i16x8_load8x8(w);
      const v128_t w1 = wasm_i16x8_load8x8(w + 8);
      for (int32_t q = 0; q < pixels; q++) {
        const v128_t x = wasm_v128_load32_splat(patches + q * p->stride + k);
        low[q] = wasm_i32x4_add(low[q], wasm_i32x4_dot_i16x8(x, w0));
        high[q] = wasm_i32x4_add(high[q], wasm_i32x4_dot_i16x8(x, w1));
      }
      w += 16;
    }
    for (int32_t q = 0; q < pixels; q++) {
      mote_simd_put(&p->rescale, low[q], high[q], c, output + q * p->out_c + c, p->out_c - c);
    }
  }
}

void mote_simdconv_s8s8__simd128(const mote_simdconv_s8s8 *p, const int8_t *input, int8_t *output, void *scratch) {
  int16_t *const patches = scratch;
  mote_simd_place place = mote_simd_first(&p->window);
  int32_t left = p->window.out_h * p->window.out_w;
  while (left > 0) {
    const int32_t pixels = left < 4 ? left : 4;
    for (int32_t q = 0; q < pixels; q++) {
      gather(&p->window, &place, input, patches + q * p->stride, (int16_t)p->input_zero_point);
      mote_simd_next(&p->window, &place);
    }
    if (pixels == 4) {
      channels(p, patches, output, 4);
    } else {
      for (int32_t q = 0; q < pixels; q++) channels(p, patches + q * p->stride, output + q * p->out_c, 1);
    }
    output += pixels * p->out_c;
    left -= pixels;
  }
}
