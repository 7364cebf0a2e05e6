/* SPDX-License-Identifier: Apache-2.0 */
/* float32 convolution: eight channels by four pixels, each output summed tap by tap as the reference kernel does. */
#include "mote/simdconv.h"

MOTE_SIMD_GATHER(gather, float, float, mote_simd_copy32)

static inline void put(const mote_simdconv_f32f32 *p, v128_t acc, int32_t c, float *output) {
  v128_t v = wasm_f32x4_add(acc, wasm_v128_load(p->bias + c));
  v = wasm_f32x4_pmin(wasm_f32x4_pmax(v, wasm_f32x4_splat(p->output_min)), wasm_f32x4_splat(p->output_max));
  if (p->out_c - c >= 4) {
    wasm_v128_store(output + c, v);
    return;
  }
  float all[4];
  wasm_v128_store(all, v);
  for (int32_t i = c; i < p->out_c; i++) output[i] = all[i - c];
}

/* All channels of so many (1 or 4, known at compile time) patches, whose outputs are out_c elements apart. */
static inline __attribute__((always_inline)) void channels(const mote_simdconv_f32f32 *p, const float *patches,
                                                           float *output, const int32_t pixels) {
  const float *w = p->weights;
  for (int32_t c = 0; c < p->out_c; c += 8) {
    v128_t low[4];
    v128_t high[4];
    for (int32_t q = 0; q < pixels; q++) low[q] = high[q] = wasm_f32x4_const_splat(0.0f);
    for (int32_t k = 0; k < p->taps; k++) {
      const v128_t w0 = wasm_v128_load(w);
      const v128_t w1 = wasm_v128_load(w + 4);
      for (int32_t q = 0; q < pixels; q++) {
        const v128_t x = wasm_v128_load32_splat(patches + q * p->stride + k);
        low[q] = wasm_f32x4_add(low[q], wasm_f32x4_mul(x, w0));
        high[q] = wasm_f32x4_add(high[q], wasm_f32x4_mul(x, w1));
      }
      w += 8;
    }
    for (int32_t q = 0; q < pixels; q++) {
      put(p, low[q], c, output + q * p->out_c);
      if (p->out_c - c > 4) put(p, high[q], c + 4, output + q * p->out_c);
    }
  }
}

void mote_simdconv_f32f32__simd128(const mote_simdconv_f32f32 *p, const float *input, float *output, void *scratch) {
  float *const patches = scratch;
  mote_simd_place place = mote_simd_first(&p->window);
  int32_t left = p->window.out_h * p->window.out_w;
  while (left > 0) {
    const int32_t pixels = left < 4 ? left : 4;
    for (int32_t q = 0; q < pixels; q++) {
      gather(&p->window, &place, input, patches + q * p->stride, 0.0f);
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
