/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 convolution: eight channels by four pixels, two taps to a multiply; sums leave 32 bits every 256 taps,
 * for a product is at most 2^22. */
#include "mote/requantize.h"
#include "mote/simdconv.h"

#define CHUNK 256

MOTE_SIMD_GATHER(gather, int16_t, int16_t, mote_simd_copy16)

/* The sums of eight channels of one pixel -> up to eight outputs. */
static void finish(const mote_simdconv_s16s8 *p, const int64_t *sums, int32_t c, int16_t *output) {
  const int32_t count = p->out_c - c < 8 ? p->out_c - c : 8;
  for (int32_t i = 0; i < count; i++) {
    const int64_t acc = sums[i] + p->bias[c + i];
    const int32_t q = (c + i) * p->requantize_step;
    const int32_t scaled = p->accumulator_bits == 64
                               ? mote_requantize64(acc, p->multiplier[q], p->shift[q])
                               : mote_requantize((int32_t)acc, p->multiplier[q], p->shift[q], p->rounding);
    output[i] = (int16_t)mote_clamp(scaled, p->output_min, p->output_max);
  }
}

/* All channels of so many (1 or 4, known at compile time) patches, whose outputs are out_c elements apart. */
static inline __attribute__((always_inline)) void channels(const mote_simdconv_s16s8 *p, const int16_t *patches,
                                                           int16_t *output, const int32_t pixels) {
  const int8_t *w = p->weights;
  for (int32_t c = 0; c < p->out_c; c += 8) {
    int64_t sums[4][8] = {{0}};
    for (int32_t from = 0; from < p->taps; from += CHUNK) {
      const int32_t to = p->taps - from < CHUNK ? p->taps : from + CHUNK;
      v128_t low[4];
      v128_t high[4];
      int32_t part[8];
      for (int32_t q = 0; q < pixels; q++) low[q] = high[q] = wasm_i32x4_const_splat(0);
      for (int32_t k = from; k < to; k += 2) {
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
        wasm_v128_store(part, low[q]);
        wasm_v128_store(part + 4, high[q]);
        for (int32_t i = 0; i < 8; i++) sums[q][i] += part[i];
      }
    }
    for (int32_t q = 0; q < pixels; q++) finish(p, sums[q], c, output + q * p->out_c + c);
  }
}

void mote_simdconv_s16s8__simd128(const mote_simdconv_s16s8 *p, const int16_t *input, int16_t *output, void *scratch) {
  int16_t *const patches = scratch;
  mote_simd_place place = mote_simd_first(&p->window);
  int32_t left = p->window.out_h * p->window.out_w;
  while (left > 0) {
    const int32_t pixels = left < 4 ? left : 4;
    for (int32_t q = 0; q < pixels; q++) {
      gather(&p->window, &place, input, patches + q * p->stride, 0);
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
