/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b of equal shapes as one linear form in 32 bits, eight elements at a time. */
#include <wasm_simd128.h>

#include "mote/add.h"
#include "mote/requantize.h"

/* Four elements: products and sums wrap, as the packer assumed. */
static inline v128_t form(const mote_add_s8_same *p, v128_t a, v128_t b) {
  const v128_t x = wasm_i32x4_mul(a, wasm_i32x4_splat(p->a_factor));
  const v128_t y = wasm_i32x4_mul(b, wasm_i32x4_splat(p->b_factor));
  const v128_t sum = wasm_i32x4_add(wasm_i32x4_add(x, y), wasm_i32x4_splat(p->offset));
  return wasm_i32x4_shr(sum, (uint32_t)p->shift);
}

void mote_add_s8_same__simd128(const mote_add_s8_same *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const v128_t min = wasm_i8x16_splat((int8_t)p->output_min);
  const v128_t max = wasm_i8x16_splat((int8_t)p->output_max);
  int32_t i = 0;
  for (; i + 8 <= p->count; i += 8) {
    const v128_t x = wasm_i16x8_load8x8(a + i);
    const v128_t y = wasm_i16x8_load8x8(b + i);
    const v128_t low = form(p, wasm_i32x4_extend_low_i16x8(x), wasm_i32x4_extend_low_i16x8(y));
    const v128_t high = form(p, wasm_i32x4_extend_high_i16x8(x), wasm_i32x4_extend_high_i16x8(y));
    const v128_t words = wasm_i16x8_narrow_i32x4(low, high);
    const v128_t bytes = wasm_i8x16_narrow_i16x8(words, words);
    wasm_v128_store64_lane(output + i, wasm_i8x16_min(wasm_i8x16_max(bytes, min), max), 0);
  }
  for (; i < p->count; i++) {
    const uint32_t left = (uint32_t)a[i] * (uint32_t)p->a_factor;
    const uint32_t right = (uint32_t)b[i] * (uint32_t)p->b_factor;
    const int32_t sum = (int32_t)(left + right + (uint32_t)p->offset) >> p->shift;
    output[i] = (int8_t)mote_clamp(sum, p->output_min, p->output_max);
  }
}
